package door

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is a Server that does nothing.
type service struct {
	file   *os.File
	closed chan struct{}
	once   sync.Once
	err    error
	// left is set when the kernel object was to stay, orphaned when its owner was gone.
	left, orphaned atomic.Bool
}

func (s *service) Done() <-chan struct{}       { return s.closed }
func (s *service) Err() error                  { return s.err }
func (s *service) Close(context.Context)       { s.stop() }
func (s *service) Leave(context.Context)       { s.left.Store(true); s.stop() }
func (s *service) Orphan(context.Context)      { s.orphaned.Store(true); s.stop() }
func (s *service) Requests() map[string]uint64 { return map[string]uint64{"READ": 7} }

func (s *service) stop() {
	s.once.Do(func() {
		s.file.Close()
		close(s.closed)
	})
}

// kernel is a Kernel that notes what is done to it.
type kernel struct {
	// busy is what Detach fails with; onDetach is what unmounting brings about.
	busy     error
	onDetach func()
	// gone is what Renew fails with.
	gone error
	mu   sync.Mutex
	log  []string
}

func (k *kernel) note(what string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.log = append(k.log, what)
}

func (k *kernel) Detach(context.Context) (bool, error) {
	k.note("detach")
	if k.busy == nil && k.onDetach != nil {
		k.onDetach()
	}
	return true, k.busy
}

func (k *kernel) Abandon() error { k.note("abandon"); return nil }
func (k *kernel) Release() error { k.note("release"); return nil }

func (k *kernel) Renew(old *os.File) (*os.File, error) {
	k.note("renew")
	return old, k.gone
}

// scene is a host with a table and a door of another process in it.
type scene struct {
	table   *Table
	opened  chan *service
	served  sync.WaitGroup
	hostEnd *net.UnixConn
	ownEnd  *net.UnixConn
	kernel  *kernel
	object  *Object
}

func newScene(t *testing.T, refuse error) *scene {
	t.Helper()
	s := &scene{opened: make(chan *service, 1), kernel: &kernel{}}
	open := func(_ Spec, file *os.File) (Server, error) {
		if refuse != nil {
			file.Close()
			return nil, refuse
		}
		server := &service{file: file, closed: make(chan struct{})}
		s.opened <- server
		return server, nil
	}
	s.table = NewTable(open, slog.New(slog.DiscardHandler))
	s.hostEnd, s.ownEnd = connection(t)
	file, err := os.Create(filepath.Join(t.TempDir(), "object"))
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{Mount: &Mount{Dir: "/mnt", Address: "master.images"}}
	s.object = NewObject(spec, file, s.kernel)
	s.served.Go(func() { s.table.ServeConn(s.hostEnd, 42) })
	t.Cleanup(func() {
		s.served.Wait()
		if err := s.object.Release(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// connection returns the two ends of a connection.
func connection(t *testing.T) (a, b *net.UnixConn) {
	t.Helper()
	addr := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"}
	l, err := net.ListenUnix("unix", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if b, err = net.DialUnix("unix", nil, addr); err != nil {
		t.Fatal(err)
	}
	if a, err = l.AcceptUnix(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

func (s *scene) open(t *testing.T) (*Remote, *service) {
	t.Helper()
	r, err := Open(t.Context(), s.ownEnd, s.object)
	if err != nil {
		t.Fatal(err)
	}
	return r, <-s.opened
}

func TestDescriptorIsPassed(t *testing.T) {
	s := newScene(t, nil)
	r, server := s.open(t)
	if _, err := server.file.WriteString("through the host"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 16)
	err := s.object.Give(func(file *os.File) error {
		_, err := file.ReadAt(got, 0)
		return err
	})
	if err != nil || !bytes.Equal(got, []byte("through the host")) {
		t.Errorf("the owner's file has %q, %v", got, err)
	}
	want := control.Door{Kind: control.DoorMount, PID: 42, Dir: "/mnt", Address: "master.images"}
	doors := s.table.Doors()
	if len(doors) != 1 || doors[0].Requests["READ"] != 7 {
		t.Fatalf("doors: %+v", doors)
	}
	doors[0].Requests = nil
	if got := doors[0]; got.Kind != want.Kind || got.PID != want.PID || got.Dir != want.Dir || got.Address != want.Address {
		t.Errorf("door %+v, want %+v", got, want)
	}
	if err := r.End(t.Context()); err != nil {
		t.Error(err)
	}
	if len(s.table.Doors()) != 0 {
		t.Error("the door is still there after its end")
	}
}

func TestEnds(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		end  func(t *testing.T, s *scene, r *Remote, server *service)
		want string
	}{
		{"by the owner", func(t *testing.T, _ *scene, r *Remote, _ *service) { _ = r.End(t.Context()) }, ""},
		{"by itself", func(_ *testing.T, _ *scene, _ *Remote, server *service) { server.stop() }, ""},
		{"by itself, with an error", func(_ *testing.T, _ *scene, _ *Remote, server *service) {
			server.err = broken
			server.stop()
		}, "broken"},
		{"with the host's end", func(t *testing.T, s *scene, _ *Remote, _ *service) { s.table.Close(t.Context()) }, ErrHostLeft.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t, nil)
			r, server := s.open(t)
			c.end(t, s, r, server)
			<-r.Done()
			got := ""
			if r.Err() != nil {
				got = r.Err().Error()
			}
			if got != c.want {
				t.Errorf("ended with %q, want %q", got, c.want)
			}
		})
	}
}

func TestOwnerDies(t *testing.T) {
	s := newScene(t, nil)
	_, server := s.open(t)
	s.ownEnd.Close()
	<-server.Done()
	if !server.orphaned.Load() {
		t.Error("it was ended as if its owner had ended it")
	}
}

func TestHostDies(t *testing.T) {
	s := newScene(t, nil)
	r, server := s.open(t)
	s.hostEnd.Close()
	<-r.Done()
	if !errors.Is(r.Err(), ErrHostGone) {
		t.Errorf("ended with %v", r.Err())
	}
	<-server.Done()
}

func TestRefused(t *testing.T) {
	s := newScene(t, &pfs.Error{Kind: pfs.KindBranchNotFound, Ref: "x.y"})
	if _, err := Open(t.Context(), s.ownEnd, s.object); pfs.KindOf(err) != pfs.KindBranchNotFound {
		t.Errorf("%v", err)
	}
}

func TestUnmount(t *testing.T) {
	t.Run("free", func(t *testing.T) {
		s := newScene(t, nil)
		r, server := s.open(t)
		s.kernel.onDetach = server.stop
		if err := s.table.Unmount(t.Context(), "/mnt"); err != nil {
			t.Error(err)
		}
		<-r.Done()
		if r.Err() != nil {
			t.Error(r.Err())
		}
	})
	t.Run("busy", func(t *testing.T) {
		s := newScene(t, nil)
		r, _ := s.open(t)
		s.kernel.busy = errors.New("in use")
		if err := s.table.Unmount(t.Context(), "/mnt"); err == nil || err.Error() != "in use" {
			t.Errorf("%v", err)
		}
		select {
		case <-r.Done():
			t.Error("the mount has ended")
		default:
		}
		_ = r.End(t.Context())
	})
	t.Run("unknown", func(t *testing.T) {
		s := newScene(t, nil)
		r, _ := s.open(t)
		if err := s.table.Unmount(t.Context(), "/elsewhere"); pfs.KindOf(err) != pfs.KindFileNotFound {
			t.Errorf("%v", err)
		}
		_ = r.End(t.Context())
	})
	t.Run("nobody answers", func(t *testing.T) {
		s := newScene(t, nil)
		r, _ := s.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		s.kernel.onDetach = func() {
			cancel()
			<-release
		}
		if err := s.table.Unmount(ctx, "/mnt"); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		close(release)
		_ = r.End(t.Context())
	})
}

// TestMalformedDoors sends the host what no owner would.
func TestMalformedDoors(t *testing.T) {
	for _, c := range []struct{ name, bytes string }{
		{"nothing", ""}, {"no descriptor", "\x00\x00\x00\x02{}"}, {"noise", "\xff\xff\xff\xff\xff\xff"}, {"half a head", "\x00\x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := NewTable(func(Spec, *os.File) (Server, error) { return nil, errors.New("opened") }, slog.New(slog.DiscardHandler))
			a, b := connection(t)
			defer b.Close()
			if _, err := io.WriteString(b, c.bytes); err != nil {
				t.Fatal(err)
			}
			if err := b.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			table.ServeConn(a, 1)
			_ = b.SetReadDeadline(time.Time{})
			if n, err := b.Read(make([]byte, 1)); n != 0 && err == nil {
				t.Error("the host answered")
			}
		})
	}
}

// TestTwoDescriptors sends the host two descriptors with a door: it takes none, and keeps none.
func TestTwoDescriptors(t *testing.T) {
	table := NewTable(func(Spec, *os.File) (Server, error) { return nil, errors.New("opened") }, slog.New(slog.DiscardHandler))
	a, b := connection(t)
	defer b.Close()
	var readers, writers []*os.File
	var fds []int
	for range 2 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		readers, writers, fds = append(readers, r), append(writers, w), append(fds, int(w.Fd()))
	}
	if _, _, err := b.WriteMsgUnix([]byte("\x00\x00\x00\x02{}"), unix.UnixRights(fds...), nil); err != nil {
		t.Fatal(err)
	}
	for _, w := range writers {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	table.ServeConn(a, 1)
	for _, r := range readers {
		if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the host has kept a descriptor: %v", err)
		}
	}
}

func TestClosedTableTakesNoDoors(t *testing.T) {
	s := newScene(t, nil)
	s.table.Close(t.Context())
	if _, err := Open(t.Context(), s.ownEnd, s.object); !errors.Is(err, ErrHostGone) {
		t.Errorf("%v", err)
	}
	select {
	case <-s.opened:
		t.Error("it is opened all the same")
	default:
	}
}

// TestTableClosesWithinAnOpening closes a table while a door is being opened: that comes to its end first, since it may use the
// store, and the door goes to the next host.
func TestTableClosesWithinAnOpening(t *testing.T) {
	opening, goOn := make(chan struct{}), make(chan struct{})
	server := &service{closed: make(chan struct{})}
	table := NewTable(func(_ Spec, file *os.File) (Server, error) {
		server.file = file
		close(opening)
		<-goOn
		return server, nil
	}, slog.New(slog.DiscardHandler))
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	both.Go(func() {
		_, err := table.Open(Spec{Mount: &Mount{}}, file, Owner{Renew: func(context.Context) error { return nil }})
		if !errors.Is(err, ErrEnding) || !server.left.Load() {
			t.Errorf("opened with %v, left in place: %v", err, server.left.Load())
		}
	})
	<-opening
	both.Go(func() {
		table.Close(context.Background())
		if !server.left.Load() {
			t.Error("the table was closed before the door had been opened")
		}
	})
	for closed := false; !closed; runtime.Gosched() {
		table.mu.Lock()
		closed = table.closed
		table.mu.Unlock()
	}
	close(goOn)
	both.Wait()
}

// TestLeavingHost ends a host: the owner's object is made anew for the next one, once, and is not taken away.
func TestLeavingHost(t *testing.T) {
	s := newScene(t, nil)
	r, server := s.open(t)
	s.table.Close(t.Context())
	<-r.Done()
	if !errors.Is(r.Err(), ErrHostGone) || !server.left.Load() {
		t.Errorf("ended with %v, left in place: %v", r.Err(), server.left.Load())
	}
	if err := s.object.Renew(); err != nil {
		t.Error(err)
	}
	s.kernel.mu.Lock()
	defer s.kernel.mu.Unlock()
	if got := strings.Join(s.kernel.log, " "); got != "renew" {
		t.Errorf("the kernel object was told to %s", got)
	}
}

// TestObjectIsGone takes the object away from an owner whose host has died.
func TestObjectIsGone(t *testing.T) {
	s := newScene(t, nil)
	r, _ := s.open(t)
	s.kernel.gone = ErrGone
	s.hostEnd.Close()
	<-r.Done()
	if err := s.object.Renew(); !errors.Is(err, ErrGone) {
		t.Errorf("renewed with %v", err)
	}
}
