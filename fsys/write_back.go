package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNotIdle is the error of a mount whose server was never seen without a request.
var ErrNotIdle = errors.New("programs go on using it")

// WriteBack has the kernel send the server of a mount what programs have changed in mapped files, and returns when the server
// has answered all of that. dir leads to the mount, device is that of its connection. Where the kernel does not let this
// process see what is unanswered, it returns when all is sent.
//
// The error is ErrNotIdle when ctx is done before; others are of the mount. A thread may hang on as long as the server does.
func WriteBack(ctx context.Context, dir, device string) error {
	sent := make(chan error, 1)
	go func() { sent <- syncMount(dir) }()
	select {
	case err := <-sent:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return fmt.Errorf("%w: not all that they changed is sent to its server", ErrNotIdle)
	}
	// syncfs(2) does not wait for the answers of a server in user space.
	control, err := controlDir(device)
	if err != nil {
		return nil // See above.
	}
	defer unix.Close(control)
	return awaitIdle(ctx, control)
}

// syncMount has the kernel send all changed pages of the mount that dir leads to.
func syncMount(dir string) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(fd)
	return os.NewSyscallError("syncfs", unix.Syncfs(fd))
}

// looking is how often the number of unanswered requests is looked at. Between the requests of programs that go on, an
// instant without any is to be met.
const looking = time.Millisecond

// awaitIdle returns when the kernel's count of unanswered requests is none: all that were sent before have been answered.
func awaitIdle(ctx context.Context, control int) error {
	look := time.NewTicker(looking)
	defer look.Stop()
	for {
		count, err := unanswered(control)
		if count == 0 || err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %d requests are unanswered", ErrNotIdle, count)
		}
	}
}

// unanswered returns the number of requests that the server has not answered, or not even taken.
func unanswered(control int) (int, error) {
	waiting, err := openControl(control, "waiting", unix.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer waiting.Close()
	text, err := io.ReadAll(waiting)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
