package takeover_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

// bucket is what all doors show.
const bucket = "master.shared"

// kind is that of a door.
type kind int

const (
	s3Kind kind = iota
	mountKind
)

// command is a pfsd with a door, and somebody who writes through that.
type command struct {
	t     *testing.T
	store *harness.Store
	index int
	kind  kind

	process *harness.Process
	client  *minio.Core
	// dir is where its mount is, if it has one.
	dir string

	// acked is how many files were acknowledged, the first ones. The next may be there as well.
	acked int
	// load's goroutine ends when halting is set. It tells of an acknowledged change when it began that.
	halting atomic.Bool
	writing sync.WaitGroup
	// leaving is set when its mount is about to be unmounted for good.
	leaving atomic.Bool
	began   chan time.Time
}

func newCommand(t *testing.T, s *harness.Store, index int, k kind) *command {
	t.Helper()
	c := &command{t: t, store: s, index: index, kind: k, dir: filepath.Join(s.Dir, fmt.Sprint("door", index))}
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return c
}

// start starts the command and opens its door.
func (c *command) start() {
	c.t.Helper()
	c.leaving.Store(false)
	if c.kind == mountKind {
		c.process = c.store.MountOn(c.dir, bucket).Process
		return
	}
	door := c.store.S3()
	c.client, c.process = door.Client(c.t), door.Process
}

// end ends the command with a signal.
func (c *command) end(signal syscall.Signal) {
	c.t.Helper()
	c.process.Signal(signal)
	c.await(signal)
	c.checkHidden()
}

// await waits for the end of the process, to which a signal was sent, and takes away the mount that it may have left.
func (c *command) await(signal syscall.Signal) {
	c.t.Helper()
	want := 0
	if signal == syscall.SIGKILL {
		want = -1
	}
	if code := c.process.Wait(); code != want {
		c.t.Errorf("%s: exit code %d after %v\n%s", c.process, code, signal, c.process.Stderr())
	}
	if signal == syscall.SIGKILL && c.kind == mountKind {
		harness.LazyUnmount(c.t, c.dir)
	}
}

// checkHidden sees that what the mount has hidden is as it was: nothing was written there, where it would be lost from sight.
func (c *command) checkHidden() {
	c.t.Helper()
	if entries, err := os.ReadDir(c.dir); err != nil || len(entries) > 0 {
		c.t.Errorf("below the mount is %v, %v", entries, err)
	}
}

// load begins to write, and returns when some of that was acknowledged.
func (c *command) load() {
	c.t.Helper()
	c.began = make(chan time.Time, 1)
	c.halting.Store(false)
	c.writing.Go(func() {
		for !c.halting.Load() {
			began := time.Now()
			if c.write(c.path(c.acked)) != nil {
				// Nobody serves the door, or not yet: it is asked again.
				<-time.After(5 * time.Millisecond)
				continue
			}
			c.acked++
			select {
			case c.began <- began:
			default:
			}
		}
	})
	for range 5 {
		c.back(time.Time{})
	}
}

// halt ends what load has begun.
func (c *command) halt() {
	c.halting.Store(true)
	c.writing.Wait()
}

// patience is how long a door may stay away before it is taken to be lost. It is no measure of speed.
const patience = 2 * time.Minute

// back returns, once a change was acknowledged that had been begun after a time, how long ago that time is.
func (c *command) back(after time.Time) time.Duration {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case began := <-c.began:
			if began.After(after) {
				return time.Since(after)
			}
		case <-deadline:
			c.t.Fatalf("%s has not come back within %v\n%s", c.process, patience, c.process.Stderr())
		}
	}
}

// path returns the path of a writer's n-th file.
func (c *command) path(n int) string { return fmt.Sprintf("writer%d-%d", c.index, n) }

// content is what is in the file at a path: few bytes, or enough for a pack.
func content(path string) []byte {
	h := fnv.New64a()
	_, _ = io.WriteString(h, path)
	size := 100
	if h.Sum64()%5 == 0 {
		size = 64 << 10
	}
	return harness.Bytes(h.Sum64(), size)
}

// write makes a file and returns nil when it is on disk.
func (c *command) write(path string) (err error) {
	data := content(path)
	if c.kind == s3Kind {
		_, err := c.client.PutObject(context.Background(), bucket, path, bytes.NewReader(data), int64(len(data)), "", "",
			minio.PutObjectOptions{})
		return err
	}
	f, err := os.Create(filepath.Join(c.dir, path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if c.hidden(f) {
		return errors.Join(errors.New("not in the mount"), os.Remove(f.Name()))
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// hidden reports whether a file is beside the mount, which it must only be when that has been unmounted.
func (c *command) hidden(f *os.File) bool {
	var file unix.Stat_t
	if unix.Fstat(int(f.Fd()), &file) != nil || !harness.Beneath(file, c.dir) {
		return false
	}
	if !c.leaving.Load() {
		c.t.Errorf("%s shows what it hides", c.process)
	}
	return true
}

// check reads a file through the command's door.
func (c *command) check(path string) {
	c.t.Helper()
	data, err := c.read(path)
	if err != nil || !bytes.Equal(data, content(path)) {
		c.t.Errorf("%s was acknowledged; through %s it has %d bytes, %v", path, c.process, len(data), err)
	}
}

func (c *command) read(path string) ([]byte, error) {
	if c.kind == mountKind {
		return os.ReadFile(filepath.Join(c.dir, path))
	}
	body, _, _, err := c.client.GetObject(context.Background(), bucket, path, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
