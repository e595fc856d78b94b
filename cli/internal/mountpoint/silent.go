package mountpoint

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pfsd/fsys"
)

// Await returns the error of end, which has the processes of the mount on dir end it. They may take long, but Await fails as
// soon as it sees that one of them is stopped, as by Ctrl-Z. The context of end is done then; a process that was asked already
// may still end the mount when it goes on.
func Await(ctx context.Context, dir string, end func(ctx context.Context) error) error {
	c, err := fsys.ConnectionAt(dir)
	if err != nil {
		return end(ctx) // It may be shown elsewhere only.
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- end(ctx) }()
	look := time.NewTicker(answering)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-look.C:
			if servers := serversOf(c.Device); len(servers) > 0 && isStopped(servers[0].PID) {
				return silence(c.Dir, servers)
			}
		}
	}
}

// orSilence puts an error that names the server of the mount on dir, and a remedy, in place of errSilent.
func orSilence(dir string, err error) error {
	if !errors.Is(err, errSilent) {
		return err
	}
	c, err := fsys.ConnectionAt(dir)
	if err != nil {
		return fmt.Errorf("looking for the mount on %s: %w", dir, errSilent)
	}
	return silence(dir, serversOf(c.Device))
}

// silence is the error of the mount on dir that does not answer. The first of its servers is the one that is named.
func silence(dir string, servers []Holder) error {
	who, resume := "the process that serves the mount on "+dir, ""
	if len(servers) > 0 {
		pid := servers[0].PID
		who = fmt.Sprintf("process %d (%s), which serves the mount on %s,", pid, servers[0].Name, dir)
		if isStopped(pid) {
			resume = fmt.Sprintf("it is stopped, and kill -CONT %d lets it go on; ", pid)
		}
	}
	return fmt.Errorf("%s does not answer: %sumount -f %s, as root, ends the mount, and loses the writes that the process has "+
		"not committed", who, resume, dir)
}
