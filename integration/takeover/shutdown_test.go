package takeover_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestRequestsDrain tells a server to end in the middle of a PUT. One whose client goes on is answered and is there
// afterwards; one whose client does not is broken off, and leaves nothing.
func TestRequestsDrain(t *testing.T) {
	t.Parallel()
	s := harness.New(t)
	s.Pfsd("repo", "create", "shared")
	for _, c := range []struct {
		name string
		goes bool
	}{{"goes on", true}, {"stalls", false}} {
		t.Run(c.name, func(t *testing.T) {
			door := s.S3()
			// Half of it is more than the sockets hold, so that the server has begun with the request.
			data := harness.Bytes(1, 32<<20)
			key := strings.ReplaceAll(c.name, " ", "-")
			body := &pausing{data: bytes.NewReader(data), reached: make(chan struct{}), resume: make(chan struct{})}
			stored := make(chan error, 1)
			client := door.Client(t)
			go func() {
				_, err := client.PutObject(context.Background(), bucket, key, body, int64(len(data)), "", "",
					minio.PutObjectOptions{DisableContentSha256: true})
				stored <- err
			}()
			<-body.reached
			door.Signal(syscall.SIGTERM)
			if c.goes {
				close(body.resume)
			}
			if code := door.Wait(); code != 0 {
				t.Errorf("exit code %d\n%s", code, door.Stderr())
			}
			if !c.goes {
				close(body.resume)
			}
			if err := <-stored; (err == nil) != c.goes {
				t.Errorf("the PUT: %v", err)
			}
			if got := s.Try("cat", bucket+":/"+key); (got.Code == 0) != c.goes || c.goes && got.Stdout != string(data) {
				t.Errorf("afterwards there are %d bytes, exit code %d", len(got.Stdout), got.Code)
			}
		})
	}
}

// pausing is a body that stops in the middle until it is told to go on.
type pausing struct {
	data            *bytes.Reader
	reached, resume chan struct{}
	paused          bool
}

func (p *pausing) Read(b []byte) (int, error) {
	if !p.paused && p.data.Len() < int(p.data.Size())/2 {
		p.paused = true
		close(p.reached)
		<-p.resume
	}
	return p.data.Read(b[:min(len(b), 64<<10)])
}

// TestLeftovers starts a server where one was killed in the middle of a PUT: its lock, its socket, its mount and a pack that
// ends in half a record are in the way of nothing.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	s := harness.New(t)
	s.Pfsd("repo", "create", "shared")
	dir := filepath.Join(s.Dir, "mount")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	door, mount := s.Serve(bucket, dir)
	data := harness.Bytes(2, 3<<20)
	if err := os.WriteFile(mount.Path("kept"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	s.Pfsd("cat", bucket+":/kept")
	s.Run(s.Command("sync", mount.Path("kept")))
	door.Kill()
	for _, name := range []string{"host.lock", "sock"} {
		if _, err := os.Lstat(filepath.Join(s.Data, name)); err != nil {
			t.Errorf("the kill has left no %s", name)
		}
	}
	if !harness.Mounted(t, dir) {
		t.Error("the kill has left no mount")
	}
	tearPack(t, s)
	_, mount = s.Serve(bucket, dir)
	if got, err := os.ReadFile(mount.Path("kept")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the file has %d bytes, %v", len(got), err)
	}
}

// tearPack appends half a record to a pack: the bytes of one that is there.
func tearPack(t *testing.T, s *harness.Store) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(s.Data, "packs", "*.pack"))
	if err != nil || len(packs) == 0 {
		t.Fatalf("no packs: %v", err)
	}
	f, err := os.OpenFile(packs[len(packs)-1], os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	record := make([]byte, 10_000)
	if _, err := f.ReadAt(record, 0); err != nil {
		t.Error(err)
	}
	if _, err := f.Write(record[16:]); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestOtherVersions gives commands a store of a later format, and a host that speaks a later protocol: each is refused in
// one line.
func TestOtherVersions(t *testing.T) {
	t.Parallel()
	refused := func(s *harness.Store, says string) {
		t.Helper()
		r := s.Try("ls", "shared")
		if r.Code != 1 || strings.Count(r.Stderr, "\n") != 1 || !strings.Contains(r.Stderr, says) {
			t.Errorf("exit code %d, %q", r.Code, r.Stderr)
		}
	}
	s := harness.New(t)
	s.Pfsd("repo", "create", "shared")
	format := filepath.Join(s.Data, "FORMAT")
	own, err := os.ReadFile(format)
	if err != nil {
		t.Fatal(err)
	}
	later := bytes.ReplaceAll(own, []byte("format 2"), []byte("format 3"))
	if err := os.WriteFile(format, later, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(s, "format 3")
	if err := os.WriteFile(format, own, 0o600); err != nil {
		t.Fatal(err)
	}
	defer laterHost(t, s)()
	refused(s, fmt.Sprintf("(pid %d) speaks version 999", os.Getpid()))
}

// laterHost holds the store as a program of another time would, until the function returned is called.
func laterHost(t *testing.T, s *harness.Store) (end func()) {
	t.Helper()
	lock, err := os.OpenFile(filepath.Join(s.Data, "host.lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(s.Data, "sock"))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, err = io.WriteString(conn, "pfsd 999 ok\n")
			if err = errors.Join(err, conn.Close()); err != nil {
				t.Error(err)
			}
		}
	}()
	return func() {
		if err := errors.Join(listener.Close(), lock.Close()); err != nil {
			t.Error(err)
		}
	}
}
