package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// UserTime returns how much processor time the process has taken so far outside of the kernel.
func (p *Process) UserTime() time.Duration {
	p.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		p.t.Fatal(err)
	}
	// proc_pid_stat(5): behind the name, in parentheses, utime is the twelfth field, in hundredths of a second.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	ticks, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return time.Duration(ticks) * (time.Second / 100)
}
