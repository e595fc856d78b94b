package integration_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestKilledAgainAndAgain kills a server with both doors in the middle of writes, overwrites and deletes,
// several times over on one store. After each restart every path is as its last acknowledged operation left it, or as the
// one left it that was under way.
func TestKilledAgainAndAgain(t *testing.T) {
	rounds := 5
	if harness.Full() {
		rounds = 50
	}
	s := harness.New(t)
	s.Pfsd("repo", "create", "crash")
	dir := filepath.Join(s.Dir, "mount")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	seed := harness.Seed(t)
	writers := make([]*crashWriter, 4)
	for i := range writers {
		writers[i] = &crashWriter{name: fmt.Sprintf("writer%d", i), rand: harness.Rand(seed + uint64(i)),
			acked: map[string][]byte{}, chunks: i < 2}
	}
	for round := range rounds {
		door, mount := s.Serve(crashBucket, dir)
		for i, w := range writers {
			w.verify(t, door, mount)
			w.door = crashDoor(s3Door{door.Client(t)})
			if i%2 == 1 {
				w.door = mountDoor{mount}
			}
		}
		if t.Failed() {
			t.Fatalf("after %d kills", round)
		}
		loadAndKill(writers, mount.Process)
	}
	door, mount := s.Serve(crashBucket, dir)
	for _, w := range writers {
		w.verify(t, door, mount)
	}
}

const crashBucket = "master.crash"

// loadAndKill lets all writers work until each has had a number of operations acknowledged, and kills the server then.
func loadAndKill(writers []*crashWriter, server *harness.Process) {
	var running sync.WaitGroup
	var stop atomic.Bool
	enough := make(chan struct{}, 2*len(writers))
	for _, w := range writers {
		running.Go(func() {
			for i := 0; !stop.Load() && w.step() == nil; i++ {
				if i == 30 {
					enough <- struct{}{}
				}
			}
			enough <- struct{}{}
		})
	}
	for range writers {
		<-enough
	}
	server.Kill()
	stop.Store(true)
	running.Wait()
}

// crashDoor is a way in which files are changed durably: an operation that returns nil is on disk.
type crashDoor interface {
	put(path string, data []byte) error
	remove(path string) error
}

// crashWriter changes files of its own, and knows what has been acknowledged.
type crashWriter struct {
	name string
	door crashDoor
	rand *rand.Rand
	// chunks is set for one whose files are large enough for the packs.
	chunks bool
	// acked is what each path holds by the last operation that was acknowledged; nil for one that was removed.
	acked map[string][]byte
	// doubt is the path of the operation under way, which may have happened or not, and may what it leaves.
	doubt string
	may   []byte
}

// step does one operation. With an error, it may have happened all the same.
func (w *crashWriter) step() error {
	path := fmt.Sprintf("%s/%d", w.name, w.rand.IntN(10))
	w.doubt, w.may = path, nil
	if w.acked[path] != nil && w.rand.IntN(4) == 0 {
		if err := w.door.remove(path); err != nil {
			return err
		}
	} else {
		size := w.rand.IntN(2000)
		if w.chunks {
			size = w.rand.IntN(1 << 20)
		}
		w.may = append(harness.Bytes(w.rand.Uint64(), size), '.')
		if err := w.door.put(path, w.may); err != nil {
			return err
		}
	}
	w.acked[path], w.doubt = w.may, ""
	return nil
}

// verify compares all files with what they must hold, through both doors, and settles what was in doubt.
func (w *crashWriter) verify(t *testing.T, door *harness.S3, mount *harness.Mount) {
	t.Helper()
	client := door.Client(t)
	for i := range 10 {
		path := fmt.Sprintf("%s/%d", w.name, i)
		got, err := os.ReadFile(mount.Path(path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
		if path == w.doubt && bytes.Equal(got, w.may) {
			w.acked[path] = w.may
		}
		if want := w.acked[path]; !bytes.Equal(got, want) {
			t.Errorf("%s has %d bytes in the mount, %d were acknowledged", path, len(got), len(want))
		}
		if again, err := tryFetch(client, crashBucket, path, ""); !bytes.Equal(again, got) {
			t.Errorf("%s has %d bytes by S3, %d in the mount, %v", path, len(again), len(got), err)
		}
	}
	w.doubt = ""
}

type s3Door struct{ client *minio.Core }

func (d s3Door) put(path string, data []byte) error {
	return storeS3(d.client, crashBucket, path, data)
}

func (d s3Door) remove(path string) error {
	return d.client.RemoveObject(context.Background(), crashBucket, path, minio.RemoveObjectOptions{})
}

type mountDoor struct{ *harness.Mount }

// put replaces the file as editors do: by a new one, synced, under another name.
func (d mountDoor) put(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(d.Path(path)), 0o755); err != nil {
		return err
	}
	if err := writeSynced(d.Path(path+".new"), data); err != nil {
		return err
	}
	if err := os.Rename(d.Path(path+".new"), d.Path(path)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(d.Path(path)))
}

func (d mountDoor) remove(path string) error {
	if err := os.Remove(d.Path(path)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(d.Path(path)))
}

// syncDir makes the changes of a directory durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
