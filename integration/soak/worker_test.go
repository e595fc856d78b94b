package soak_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// worker changes files of its own and knows what is in them. It is for one goroutine.
type worker struct {
	t      *testing.T
	store  *harness.Store
	client *minio.Core
	mount  *harness.Mount
	name   string
	rand   *rand.Rand
	// files is the model.
	files          map[string][]byte
	changes, reads int
}

func newWorker(t *testing.T, s *harness.Store, d *harness.S3, m *harness.Mount, name string, seed uint64) *worker {
	return &worker{t: t, store: s, client: d.Client(t), mount: m, name: name, rand: harness.Rand(seed), files: map[string][]byte{}}
}

// any returns one of the worker's keys.
func (w *worker) any() string { return fmt.Sprintf("%s/%d", w.name, w.rand.IntN(50)) }

// data returns new bytes: few, some, or as many as a window and more.
func (w *worker) data() []byte {
	size := 1 + w.rand.IntN(4000)
	switch w.rand.IntN(40) {
	case 0:
		size = 17 << 20
	case 1, 2, 3, 4, 5:
		size = 40<<10 + w.rand.IntN(1<<20)
	}
	return harness.Bytes(w.rand.Uint64(), size)
}

// did notes that a key has been changed, unless that has failed.
func (w *worker) did(err error, key string, data []byte) {
	if err != nil {
		w.t.Errorf("%s: %v", key, err)
		return
	}
	w.changes++
	w.files[key] = data
}

func (w *worker) put(bucket, key string, data []byte) error {
	_, err := w.client.PutObject(context.Background(), bucket, key, bytes.NewReader(data), int64(len(data)), "", "",
		minio.PutObjectOptions{})
	return err
}

func (w *worker) deleteObject(bucket, key string) error {
	return w.client.RemoveObject(context.Background(), bucket, key, minio.RemoveObjectOptions{})
}

// command runs pfsd, which must succeed.
func (w *worker) command(args ...string) {
	if r := w.store.Try(args...); r.Code != 0 {
		w.t.Errorf("pfsd %v: %s%s", args, r.Stdout, r.Stderr)
	}
}

// verify reads a file of a branch, in either way, and compares it with the model.
func (w *worker) verify(bucket, key string) {
	w.reads++
	got, err := w.get(bucket, key)
	if want := w.files[key]; err != nil || !bytes.Equal(got, want) {
		w.t.Errorf("%s has %d bytes, want %d; %v", key, len(got), len(want), err)
	}
}

func (w *worker) verifyAll() {
	for key := range w.files {
		w.verify("master.soak", key)
	}
}

// get returns the bytes of a file, none when there is none.
func (w *worker) get(bucket, key string) ([]byte, error) {
	if bucket == "master.soak" && w.rand.IntN(2) == 0 {
		data, err := os.ReadFile(w.mount.Path(key))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return data, err
	}
	body, _, _, err := w.client.GetObject(context.Background(), bucket, key, minio.GetObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// replace puts a new file in place of the one at path, or beside none.
func (w *worker) replace(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if w.rand.IntN(2) == 0 {
		return os.WriteFile(path, data, 0o644)
	}
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// removeFile removes a file that may be there.
func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func appendFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
