package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestBothDoors starts the two doors in either order, with a third command beside them, and then takes one process away,
// as kill -9 does, be it the one that holds the store or not: the other door goes on, and after a restart of both every write
// that had been acknowledged is there.
func TestBothDoors(t *testing.T) {
	for _, c := range []struct {
		name       string
		mountFirst bool
		killMount  bool
	}{
		{name: "S3 first and killed"},
		{name: "mount first and killed", mountFirst: true, killMount: true},
		{name: "S3 first, guest mount killed", killMount: true},
		{name: "mount first, guest S3 killed", mountFirst: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := harness.New(t)
			s.Pfsd("repo", "create", "data")
			d := openDoors(s, c.mountFirst)
			third(t, s, d)
			done := d.load(t)
			if c.killMount {
				d.mount.Kill()
			} else {
				d.s3.Kill()
			}
			acked := done()
			d.other().Stop()
			d.reopen(s)
			d.verify(t, acked)
		})
	}
}

// TestDeadMount mounts where the mount of a process that was killed still is, and lets itself be looked at from the kernel's
// cache as if it were alive.
func TestDeadMount(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.data", "--create")
	if err := writeSynced(m.Path("file"), []byte("bytes")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := os.Stat(m.Dir); err != nil {
			t.Fatal(err)
		}
	}
	m.Kill()
	m = s.MountOn(m.Dir, "master.data")
	if got, err := os.ReadFile(m.Path("file")); err != nil || string(got) != "bytes" {
		t.Errorf("the file is %q, %v", got, err)
	}
}

// doors are the two doors of one store.
type doors struct {
	s3    *harness.S3
	mount *harness.Mount
}

func openDoors(s *harness.Store, mountFirst bool) *doors {
	var d doors
	if mountFirst {
		d.mount = s.Mount("master.data")
		d.s3 = s.S3()
	} else {
		d.s3 = s.S3()
		d.mount = s.Mount("master.data")
	}
	return &d
}

// third runs commands beside the doors, and sees that all three are on one store.
func third(t *testing.T, s *harness.Store, d *doors) {
	t.Helper()
	if r := s.TryInput([]byte("by command"), "put", "-", "master.data:/third"); r.Code != 0 {
		t.Fatalf("put: %+v", r)
	}
	if got, err := os.ReadFile(d.mount.Path("third")); err != nil || string(got) != "by command" {
		t.Errorf("the mount has %q, %v", got, err)
	}
	if got := fetch(t, d.s3.Client(t), "master.data", "third", ""); string(got) != "by command" {
		t.Errorf("S3 has %q", got)
	}
	if out := s.Pfsd("ls", "master.data"); !strings.Contains(out, "third") {
		t.Errorf("ls prints %q", out)
	}
}

// load writes through both doors at once. It returns when each has acknowledged some; the function returned ends it and
// returns the paths that had been acknowledged.
func (d *doors) load(t *testing.T) func() []string {
	t.Helper()
	client := d.s3.Client(t)
	enough := make(chan struct{}, 4)
	var stop atomic.Bool
	acked := make([][]string, 4)
	var writers sync.WaitGroup
	for w := range acked {
		put := func(path string) error { return storeS3(client, "master.data", path, ackedBytes(path)) }
		if w%2 == 1 {
			put = func(path string) error { return writeSynced(d.mount.Path(path), ackedBytes(path)) }
		}
		writers.Go(func() {
			defer func() { enough <- struct{}{} }()
			for i := 0; !stop.Load(); i++ {
				path := fmt.Sprintf("writer%d-%d", w, i)
				if put(path) != nil {
					return
				}
				acked[w] = append(acked[w], path)
				if i == 20 {
					enough <- struct{}{}
				}
			}
		})
	}
	for range acked {
		<-enough
	}
	return func() []string {
		stop.Store(true)
		writers.Wait()
		var all []string
		for w, paths := range acked {
			if len(paths) < 20 {
				t.Errorf("writer %d had only %d writes acknowledged", w, len(paths))
			}
			all = append(all, paths...)
		}
		return all
	}
}

// other returns the door that was not killed.
func (d *doors) other() *harness.Process {
	if d.s3.Ended() {
		return d.mount.Process
	}
	return d.s3.Process
}

func (d *doors) reopen(s *harness.Store) {
	d.mount = s.MountOn(d.mount.Dir, "master.data")
	d.s3 = s.S3()
}

func (d *doors) verify(t *testing.T, acked []string) {
	t.Helper()
	client := d.s3.Client(t)
	for _, path := range acked {
		want := ackedBytes(path)
		if got, err := os.ReadFile(d.mount.Path(path)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s was acknowledged; the mount has %d bytes, %v", path, len(got), err)
		}
		if got := fetch(t, client, "master.data", path, ""); !bytes.Equal(got, want) {
			t.Errorf("%s was acknowledged; S3 has %d bytes", path, len(got))
		}
	}
	t.Logf("%d acknowledged writes are there", len(acked))
}

// ackedBytes is what is written at path, and nowhere else: small files and some that go to the packs.
func ackedBytes(path string) []byte {
	n := 100
	if strings.HasSuffix(path, "5") {
		n = 200 << 10
	}
	seed := fnv.New64a()
	seed.Write([]byte(path))
	return harness.Bytes(seed.Sum64(), n)
}

// writeSynced returns nil when the file is on disk.
func writeSynced(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

func storeS3(c *minio.Core, bucket, key string, data []byte) error {
	_, err := c.PutObject(context.Background(), bucket, key, bytes.NewReader(data), int64(len(data)), "", "",
		minio.PutObjectOptions{})
	return err
}
