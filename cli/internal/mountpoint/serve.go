package mountpoint

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"pfsd/cli/internal/door"
	"pfsd/cli/internal/guard"
	"pfsd/fsys"
	"pfsd/pfs"
)

// Config is what serving mounts needs of the world. All fields but Guard are required.
type Config struct {
	Now func() time.Time
	Log *slog.Logger
	// Scratch is a directory for temporary files, on the disk of the store.
	Scratch string
	// ScratchFiles is how many of these files there are at most.
	ScratchFiles int
	// NameOf returns the name of a user. It may be called concurrently.
	NameOf func(uid uint32) string
	// Guard has mounts fail that a killed process leaves behind; nil for nobody.
	Guard *guard.Guard
}

// Host serves the mounts of one store.
type Host struct {
	store *pfs.Store
	cfg   Config
	names *fsys.Names
	files *fsys.Scratch
}

// NewHost returns a Host of store's mounts.
func NewHost(store *pfs.Store, cfg Config) *Host {
	return &Host{store: store, cfg: cfg, names: fsys.NewNames(), files: fsys.NewScratch(cfg.Scratch, cfg.ScratchFiles)}
}

// server is a mount that is served. It is a door.Server.
type server struct {
	mount *fsys.Server
	done  chan struct{}

	// mu guards what follows. err is final when done is closed.
	mu  sync.Mutex
	err error
	// dir is the mount point where this process can reach it and the mount there is this one, else empty.
	dir  string
	once sync.Once
	// forget tells the guard that the mount is served no more. It can be called again.
	forget func()
}

var _ door.Server = (*server)(nil)

// Serve serves the kernel's end of a mount, which becomes its own. It returns when the mount can be used.
func (h *Host) Serve(spec door.Mount, file *os.File) (door.Server, error) {
	cfg, err := h.config(spec)
	if err != nil {
		file.Close()
		return nil, err
	}
	s := &server{done: make(chan struct{})}
	if spec.Namespace != "" && spec.Namespace == namespace() {
		s.dir = spec.Dir
	}
	cfg.Dir = s.dir
	s.mount, err = fsys.Serve(context.Background(), h.store, file, cfg)
	if err != nil {
		return nil, err
	}
	s.forget = h.guard(s.dir)
	go func() { s.end(s.mount.Wait()) }()
	return s, nil
}

// guard has the mount on dir guarded until forget is called, where there is a guard and dir is known.
func (h *Host) guard(dir string) (forget func()) {
	if h.cfg.Guard == nil || dir == "" {
		return func() {}
	}
	c, err := fsys.ConnectionAt(dir)
	if err != nil {
		return func() {} // It has been unmounted already.
	}
	return sync.OnceFunc(h.cfg.Guard.Watch(c))
}

// config returns what spec asks for, but for Dir.
func (h *Host) config(spec door.Mount) (fsys.Config, error) {
	cfg := fsys.Config{
		All: spec.Address == door.AllBranches, Owner: pfs.Owner{UID: spec.UID, GID: spec.GID}, Author: spec.Author, NameOf: h.cfg.NameOf,
		Override: fsys.Override{UID: spec.ShowUID, GID: spec.ShowGID, Umask: spec.ShowUmask},
		NoAtime:  spec.NoAtime, Sync: spec.Sync, CommitAfter: spec.CommitAfter,
		Now: h.cfg.Now, ScratchDir: h.cfg.Scratch, Scratch: h.files, Names: h.names, Log: h.cfg.Log,
	}
	if cfg.All {
		return cfg, nil
	}
	var err error
	cfg.Ref, err = pfs.ParseRef(spec.Address)
	return cfg, err
}

// end says that the mount is served no more. Only the first call counts.
func (s *server) end(err error) {
	s.once.Do(func() {
		s.forget()
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
		close(s.done)
	})
}

// Done is closed when all that was written in the mount is committed, and it has been unmounted or given up.
func (s *server) Done() <-chan struct{} { return s.done }

// Err, after Done, is the first thing that could not be written, if there was one.
func (s *server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// patience is how long Close waits for those who still use files in a mount that has been taken away.
const patience = 2 * time.Second

// Close commits all that was written and takes the mount away, where this process can. Those who have files open in it can
// use them as long as the process lives; Close does not wait for them to end.
func (s *server) Close(ctx context.Context) { s.endBy(ctx, takeAway) }

// Orphan commits all that was written and has whoever uses the mount fail from then on. It stays where it is, so that nobody
// writes into the directory beneath by mistake, until it is unmounted or mounted anew. Where the mount cannot be made to fail
// it is taken away.
func (s *server) Orphan(ctx context.Context) {
	s.endBy(ctx, func(dir string) {
		if fsys.Abort(dir) != nil {
			takeAway(dir)
		}
	})
}

// takeAway unmounts dir, whoever uses it. Where that fails the mount stays, and is dead once the process has ended.
func takeAway(dir string) {
	if err := fsys.Detach(dir, false); errors.Is(err, syscall.EBUSY) {
		_ = fsys.Detach(dir, true)
	}
}

// endBy commits all that was written, has the mount on dir ended, and returns when all is committed.
func (s *server) endBy(ctx context.Context, end func(dir string)) {
	select {
	case <-s.done:
		return // What is at the mount point by now is not this mount.
	default:
	}
	s.mu.Lock()
	dir := s.dir
	s.mu.Unlock()
	if dir != "" {
		writeBack(ctx, dir)
	}
	err := s.mount.Flush()
	if dir != "" {
		end(dir)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-s.done:
	case <-ctx.Done():
		s.end(errors.Join(err, s.mount.Flush()))
	}
}

// writeBack has what programs have changed in mapped files of the mount on dir written to it, as far as that can be had soon.
func writeBack(ctx context.Context, dir string) {
	c, err := fsys.ConnectionAt(dir)
	if err != nil {
		return // It has been unmounted already.
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = fsys.WriteBack(ctx, dir, c.Device) // Those who go on writing have no end that could be waited for.
}

// Leave commits all that was written. The owner has mounted anew: those who have files open in the mount that was there
// before can use them for a short while. What they have written is committed, too.
func (s *server) Leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience/2)
	defer cancel()
	s.mu.Lock()
	s.dir = "" // What is there now is not served here.
	s.mu.Unlock()
	s.forget()
	err := s.mount.Flush()
	select {
	case <-s.done:
	case <-ctx.Done():
		s.end(errors.Join(err, s.mount.Flush()))
	}
}

// Requests counts what the kernel has asked, by the name of the operation.
func (s *server) Requests() map[string]uint64 { return s.mount.Stats().Requests }
