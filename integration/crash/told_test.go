package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestKilledWhileTelling kills a server while it tells the kernel of names in directories in which programs look for, make and
// remove others. The kernel can have the two wait for each other, and for ever, since nobody answers any more: nobody may
// hang, and the next server must start by itself.
func TestKilledWhileTelling(t *testing.T) {
	rounds := 12
	if n, err := strconv.Atoi(os.Getenv("PFSD_ROUNDS")); err == nil {
		rounds = n
	}
	random := harness.Rand(harness.Seed(t))
	s := harness.New(t)
	dir := filepath.Join(s.Dir, "mount")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.Pfsd("repo", "create", "crash")
	for range rounds {
		door, mount := s.Serve(bucket, dir)
		told := &telling{client: door.Client(t), dir: mount.Dir}
		told.start()
		<-time.After(time.Duration(50+random.IntN(200)) * time.Millisecond)
		door.Process.Kill()
		told.ending.Store(true)
		told.running.Wait()
	}
	door, _ := s.Serve(bucket, dir)
	door.Process.Stop()
}

// telling are programs of both doors in the same few directories.
type telling struct {
	client  *minio.Core
	dir     string
	running sync.WaitGroup
	ending  atomic.Bool
}

func (w *telling) start() {
	for i := range 4 {
		w.loop(func(name string) {
			key := "dir" + name
			if i%2 == 0 {
				_, _ = w.client.PutObject(context.Background(), bucket, key, strings.NewReader(name), int64(len(name)), "", "",
					minio.PutObjectOptions{})
			} else {
				_ = w.client.RemoveObject(context.Background(), bucket, key, minio.RemoveObjectOptions{})
			}
		})
		w.loop(func(name string) { _, _ = os.Stat(w.dir + "/dir" + name) })
		w.loop(func(name string) {
			path := w.dir + "/dir" + name + "." + strconv.Itoa(i)
			if f, err := os.Create(path); err == nil {
				f.Close()
			}
			_ = os.Remove(path)
		})
	}
}

// loop does something again and again, with one name after another, until the server is killed. What it is answered does not
// matter, only that it is.
func (w *telling) loop(do func(name string)) {
	w.running.Go(func() {
		for !w.ending.Load() {
			do(fmt.Sprintf("%d/name%d", rand.IntN(2), rand.IntN(100)))
		}
	})
}
