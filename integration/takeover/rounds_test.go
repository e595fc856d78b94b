package takeover_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"pfsd/integration/harness"
)

// TestTakeOver has three commands with doors on one store, all of them under load, and takes the one away that holds it,
// round after round; then that one comes back as a guest. Both other doors serve again, and nothing that was acknowledged is
// lost.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		signal    syscall.Signal
		few, many int
		third     kind
	}{
		{"kill -9, two mounts", syscall.SIGKILL, 10, 20, mountKind},
		{"kill -9, two endpoints", syscall.SIGKILL, 10, 20, s3Kind},
		{"Ctrl-C, two mounts", syscall.SIGINT, 3, 20, mountKind},
		{"SIGTERM, two endpoints", syscall.SIGTERM, 3, 20, s3Kind},
	} {
		t.Run(c.name, func(t *testing.T) {
			rounds := c.few
			if harness.Full() {
				rounds = c.many
			}
			s := harness.New(t)
			s.Pfsd("repo", "create", "shared")
			commands := []*command{newCommand(t, s, 0, s3Kind), newCommand(t, s, 1, mountKind), newCommand(t, s, 2, c.third)}
			for _, command := range commands {
				command.start()
			}
			var times []time.Duration
			for range rounds {
				times = append(times, takeAway(t, s, commands, c.signal))
			}
			verify(t, commands)
			for _, command := range commands {
				command.end(syscall.SIGINT)
			}
			slices.Sort(times)
			t.Logf("%d rounds: the last door is back after %v in the median, %v at most", rounds, times[len(times)/2],
				times[len(times)-1])
		})
	}
}

// takeAway ends the host with a signal while all doors are under load, and returns how long it took until the last door had
// acknowledged a change that was begun after the host's end.
func takeAway(t *testing.T, s *harness.Store, commands []*command, signal syscall.Signal) time.Duration {
	t.Helper()
	gone := hostAmong(t, s, commands)
	for _, c := range commands {
		c.load()
	}
	began := time.Now()
	gone.leaving.Store(true)
	gone.process.Signal(signal)
	gone.await(signal)
	ended := time.Now()
	var away time.Duration
	for _, c := range commands {
		if c != gone {
			away = max(away, ended.Sub(began)+c.back(ended))
		}
	}
	for _, c := range commands {
		c.halt()
	}
	gone.checkHidden()
	if next := hostAmong(t, s, commands); next == gone {
		t.Error("the host is the process that has gone")
	}
	gone.start()
	return away
}

// hostAmong returns the command that holds the store.
func hostAmong(t *testing.T, s *harness.Store, commands []*command) *command {
	t.Helper()
	var status struct {
		Host struct {
			PID int `json:"pid"`
		} `json:"host"`
	}
	s.PfsdJSON(&status, "status", "--json")
	i := slices.IndexFunc(commands, func(c *command) bool { return c.process.PID() == status.Host.PID })
	if i < 0 {
		t.Fatalf("the host is process %d, which has no door", status.Host.PID)
	}
	return commands[i]
}

// verify looks for all that was acknowledged, through each door.
func verify(t *testing.T, commands []*command) {
	t.Helper()
	for _, door := range commands {
		files := 0
		for _, writer := range commands {
			for n := range writer.acked {
				door.check(writer.path(n))
				files++
			}
		}
		t.Logf("%d acknowledged files are there through door %d", files, door.index)
	}
}
