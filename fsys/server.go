package fsys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// maxRequest is the size of the largest read or write that the kernel sends.
const maxRequest = 1 << 20

// maxInflight bounds the memory of requests that are worked on at once.
const maxInflight = 64 << 20

// Server answers the requests of one mount. Its methods may be called concurrently.
type Server struct {
	forest *forest
	// done is closed when the mount is gone and all is written; err is then how that went.
	done chan struct{}
	err  error
}

// Serve shows a version of store through the kernel connection that Attach opened, in this process or another one, and
// returns when the mount can be used. fd is Serve's from then on, whatever it returns. The mount lives until it is
// unmounted, by Close or by anybody else; ctx is only for the way there.
//
// The error is of KindRepoNotFound, KindBranchNotFound or KindCommitNotFound when there is no such version; others are of
// the connection.
func Serve(ctx context.Context, store *pfs.Store, fd *os.File, cfg Config) (*Server, error) {
	defer fd.Close()
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	f, err := newForest(ctx, store, cfg)
	if err != nil {
		return nil, err
	}
	kernel, err := connect(f, fd)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fsys: serving the mount: %w", err), f.finish())
	}
	f.start(kernel)
	raiseReadAhead(cfg.Dir)
	s := &Server{forest: f, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		kernel.Serve()
		s.err = f.finish()
	}()
	return s, nil
}

// connect answers the kernel's first request. The library takes the descriptor by its number, and closes it.
func connect(f *forest, fd *os.File) (*fuse.Server, error) {
	own, err := dup(fd)
	if err != nil {
		return nil, err
	}
	return fuse.NewServer(f, fmt.Sprintf("/dev/fd/%d", own), f.options())
}

// dup returns another descriptor of fd, not inherited by child processes.
func dup(fd *os.File) (int, error) {
	conn, err := fd.SyscallConn()
	if err != nil {
		return -1, err
	}
	own, dupErr := -1, error(nil)
	err = conn.Control(func(fd uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if own, dupErr = syscall.Dup(int(fd)); dupErr == nil {
			syscall.CloseOnExec(own)
		}
	})
	return own, errors.Join(err, dupErr)
}

// options are what is agreed on with the kernel.
func (f *forest) options() *fuse.MountOptions {
	return &fuse.MountOptions{
		Name:                    "pfsd",
		MaxWrite:                maxRequest,
		MaxBackground:           64,
		MaxInflightRequestBytes: maxInflight,
		// Reads are answered from memory; there is nothing to splice.
		DisableSplice: true,
		// Content and targets of an inode do not change behind the kernel's back.
		EnableSymlinkCaching:     true,
		ExplicitDataCacheControl: true,
		ExtraCapabilities:        fuse.CAP_ATOMIC_O_TRUNC | fuse.CAP_HANDLE_KILLPRIV_V2,
		Debug:                    f.cfg.Debug,
		Logger:                   slog.NewLogLogger(f.log.Handler(), slog.LevelDebug),
		PanicHandler:             f.panicked,
	}
}

// panicked logs a bug. The request that hit it fails, the mount goes on.
func (f *forest) panicked(what any) fuse.Status {
	f.log.Error("panic in a request", "panic", fmt.Sprint(what), "stack", string(debug.Stack()))
	return fuse.EIO
}

// String names the file system in the library's messages.
func (f *forest) String() string { return "pfsd" }

// Wait returns when the mount is gone, whoever unmounted it, and everything written to it is in a commit. The error is the
// first thing that could not be written.
func (s *Server) Wait() error {
	<-s.done
	return s.err
}

// Done is closed when Wait would return.
func (s *Server) Done() <-chan struct{} { return s.done }

// Flush makes all that was written to the mount visible to everybody, in a commit on disk.
func (s *Server) Flush() error {
	return s.forest.flush()
}

// Close flushes, unmounts Config.Dir and waits for the mount to be gone, or for ctx. Without a Dir it returns after the flush:
// the mount ends when its owner unmounts it. The error is of kind EBUSY (syscall.EBUSY) while files are open.
func (s *Server) Close(ctx context.Context) error {
	err := s.Flush()
	if s.forest.cfg.Dir == "" {
		return err
	}
	select {
	case <-s.done:
		return errors.Join(err, s.err)
	default:
	}
	if detachErr := Detach(s.forest.cfg.Dir, false); detachErr != nil {
		return errors.Join(err, detachErr)
	}
	select {
	case <-s.done:
		return errors.Join(err, s.err)
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

// Stats returns how many requests the kernel has sent so far.
func (s *Server) Stats() Stats { return s.forest.ops.stats() }
