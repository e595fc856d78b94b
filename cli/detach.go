package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// flagDetached marks the process that goes on in the background, which does not detach again.
const flagDetached = "detached"

// errSaid is the failure of another process that has said all.
var errSaid = errors.New("the process in the background has failed")

// detach runs this command in a process of its own, in the background, and returns when that is ready, or has failed, in
// which case it has said so.
func (p *program) detach(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program, append([]string{"--" + flagDetached}, p.args[1:]...)...)
	cmd.Args[0] = "pfsd" // Whatever the file is called, mount(8) does not ask this time.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stderr = p.stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })()
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if !isHelper(p.args) {
			fmt.Fprintln(p.stdout, lines.Text())
		}
		if strings.HasPrefix(lines.Text(), "ready") {
			return cmd.Process.Release()
		}
	}
	if err := cmd.Wait(); err == nil {
		return nil
	}
	return errSaid
}

// logLater has what this process logs appended to a file, if one is given, once its doors are open: until then, who started
// it is told. In the background it then lets go of the terminal and of the working directory.
func (p *program) logLater(path string, background bool) error {
	if path == "" && !background {
		return nil
	}
	target := os.DevNull
	if path != "" {
		target = path
	}
	log, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	p.whenReady = append(p.whenReady, func() error {
		defer log.Close()
		if err := unix.Dup3(int(log.Fd()), 2, 0); err != nil || !background {
			return err
		}
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer null.Close()
		return errors.Join(unix.Dup3(int(null.Fd()), 0, 0), unix.Dup3(int(null.Fd()), 1, 0), os.Chdir("/"))
	})
	return nil
}
