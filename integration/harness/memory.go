package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Memory watches how much memory processes hold that is their own: anonymous and shared resident memory, without the
// pages of files, which the kernel can take back at any time.
type Memory struct {
	stop chan struct{}
	done sync.WaitGroup
	peak int64
}

// WatchMemory samples the sum over the processes, every few milliseconds, until Peak is called.
func WatchMemory(t testing.TB, processes ...*Process) *Memory {
	t.Helper()
	m := &Memory{stop: make(chan struct{})}
	m.done.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			m.peak = max(m.peak, ownMemory(processes))
			select {
			case <-m.stop:
				return
			case <-tick.C:
			}
		}
	})
	return m
}

// Peak ends the watch and returns the largest sum seen, in bytes.
func (m *Memory) Peak() int64 {
	close(m.stop)
	m.done.Wait()
	return m.peak
}

func ownMemory(processes []*Process) int64 {
	var sum int64
	for _, p := range processes {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			key, value, _ := strings.Cut(line, ":")
			if key == "RssAnon" || key == "RssShmem" {
				kib, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
				sum += kib << 10
			}
		}
	}
	return sum
}
