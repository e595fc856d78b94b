package fulldisk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

const (
	mib    = 1 << 20
	bucket = "master.small"
	bulk   = "master.bulk"
)

// TestFullDisk fills a disk through S3: then writes are refused by all doors, reads and deletes go on, a kill does no harm,
// and writing works again as soon as there is room: when something else gives it back, and when a deleted repo does.
func TestFullDisk(t *testing.T) {
	s, d, c := newFullDisk(t, 640*mib)
	c.mustPut(bucket, "kept", 100)
	c.mustPut(bucket, "chunked", mib)
	for i := range 6 {
		c.mustPut(bucket, fmt.Sprint("deleted", i), 100)
	}
	c.fill()
	c.isFull(s)
	c.mount.Kill()
	c.serve(s)
	c.isFull(s)

	d.drop(t)
	c.writes("room")
	c.fill()
	c.isFull(s)
	s.Pfsd("repo", "delete", "bulk", "--force")
	s.Pfsd("gc", "--grace", "0s")
	c.writes("collected")
	c.mount.Stop()
	s.Pfsd("fsck", "--deep")
}

// newFullDisk serves, by both doors, a store on a disk of some size, of which 160 MiB are ballast.
func newFullDisk(t *testing.T, size int64) (*harness.Store, *disk, *client) {
	t.Helper()
	s := harness.New(t)
	// The last check needs the disk, which is unmounted before it: the store is checked by the test.
	own := s.Data
	t.Cleanup(func() { s.Data = own })
	d := newDisk(t, s, size, 160*mib)
	for _, repo := range []string{"small", "bulk"} {
		s.Pfsd("repo", "create", repo)
	}
	if err := os.Mkdir(s.Dir+"/mount", 0o755); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, files: map[string][]byte{}}
	c.serve(s)
	return s, d, c
}

// client changes files by both doors and knows what must be there.
type client struct {
	t     *testing.T
	core  *minio.Core
	mount *harness.Mount
	// files are those of the small repo.
	files map[string][]byte
	// deleted counts those that were removed.
	deleted int
	filled  uint64
}

// serve starts the doors.
func (c *client) serve(s *harness.Store) {
	door, mount := s.Serve(bucket, s.Dir+"/mount")
	c.core, c.mount = door.Client(c.t), mount
}

func (c *client) put(bucket, key string, data []byte) error {
	_, err := c.core.PutObject(context.Background(), bucket, key, bytes.NewReader(data), int64(len(data)), "", "",
		minio.PutObjectOptions{})
	return err
}

func (c *client) mustPut(bucket, key string, size int) {
	c.t.Helper()
	data := harness.Bytes(uint64(len(key)), size)
	if err := c.put(bucket, key, data); err != nil {
		c.t.Fatalf("%s: %v", key, err)
	}
	c.files[key] = data
}

// fill stores large files until there is no room.
func (c *client) fill() {
	c.t.Helper()
	for n := 0; ; n++ {
		c.filled++
		err := c.put(bulk, fmt.Sprint("bulk", c.filled), harness.Bytes(c.filled, 8*mib))
		if err != nil {
			c.refused(err)
			return
		}
		if n > 100 {
			c.t.Fatal("the disk does not get full")
		}
	}
}

// refused checks that S3 says that the disk is full.
func (c *client) refused(err error) {
	c.t.Helper()
	if r := minio.ToErrorResponse(err); r.StatusCode != http.StatusInsufficientStorage {
		c.t.Errorf("a PUT on a full disk: %v (%d %s)", err, r.StatusCode, r.Code)
	}
}

// isFull checks what can and what cannot be done while the disk is full.
func (c *client) isFull(s *harness.Store) {
	c.t.Helper()
	large := harness.Bytes(99, 8*mib)
	c.refused(c.put(bucket, "refused", large))
	if err := os.WriteFile(c.mount.Path("refused"), large, 0o644); !errors.Is(err, syscall.ENOSPC) {
		c.t.Errorf("a write to the mount on a full disk: %v", err)
	}
	if err := os.Remove(c.mount.Path("refused")); err != nil && !errors.Is(err, os.ErrNotExist) {
		c.t.Errorf("a removal of what could not be written: %v", err)
	}
	if r := s.TryInput(large, "put", "-", bucket+":/refused"); r.Code != 1 || strings.Count(r.Stderr, "\n") > 2 {
		c.t.Errorf("pfsd put on a full disk: exit code %d\n%s", r.Code, r.Stderr)
	}
	c.removes()
}

// removes removes a file by each door, and reads before and after.
func (c *client) removes() {
	c.t.Helper()
	c.reads()
	c.remove(func(key string) error {
		return c.core.RemoveObject(context.Background(), bucket, key, minio.RemoveObjectOptions{})
	})
	c.remove(func(key string) error { return os.Remove(c.mount.Path(key)) })
	c.reads()
}

// remove removes one more file.
func (c *client) remove(do func(key string) error) {
	c.t.Helper()
	key := fmt.Sprint("deleted", c.deleted)
	if c.files[key] == nil {
		return
	}
	if err := do(key); err != nil {
		c.t.Errorf("a removal on a full disk: %v", err)
		return
	}
	c.deleted++
	delete(c.files, key)
}

// reads checks all files through both doors.
func (c *client) reads() {
	c.t.Helper()
	for key, want := range c.files {
		body, _, _, err := c.core.GetObject(context.Background(), bucket, key, minio.GetObjectOptions{})
		var got []byte
		if err == nil {
			got, err = io.ReadAll(body)
			body.Close()
		}
		if err != nil || !bytes.Equal(got, want) {
			c.t.Errorf("%s by S3 on a full disk: %d bytes, %v", key, len(got), err)
		}
		if got, err := os.ReadFile(c.mount.Path(key)); err != nil || !bytes.Equal(got, want) {
			c.t.Errorf("%s in the mount on a full disk: %d bytes, %v", key, len(got), err)
		}
	}
}

// writes checks that both doors take files again.
func (c *client) writes(name string) {
	c.t.Helper()
	c.mustPut(bucket, name+"-s3", 8*mib)
	data := harness.Bytes(7, 8*mib)
	if err := os.WriteFile(c.mount.Path(name+"-mount"), data, 0o644); err != nil {
		c.t.Errorf("a write after there is room again: %v", err)
	}
	c.files[name+"-mount"] = data
	c.reads()
}
