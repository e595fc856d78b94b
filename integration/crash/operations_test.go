package crash_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

// get returns the bytes at a path, nil when there is no file.
func (d *doors) get(path string, byS3 bool) ([]byte, error) {
	if !byS3 {
		data, err := os.ReadFile(d.path(path))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return data, err
	}
	body, _, _, err := d.client.GetObject(context.Background(), bucket, path, minio.GetObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// s3Operations change files through S3.
func s3Operations(d *doors) operations {
	put := func(w *writer) (change, operation) { return change{w.any(): w.data()}, d.put(bucket) }
	return operations{put, put, put, d.copy, d.upload, d.deleteObject}
}

// put stores each file.
func (d *doors) put(bucket string) operation {
	return func(files change) error {
		for path, data := range files {
			_, err := d.client.PutObject(context.Background(), bucket, path, bytes.NewReader(data), int64(len(data)), "", "",
				minio.PutObjectOptions{})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func (d *doors) copy(w *writer) (change, operation) {
	from, to := w.existing(), w.any()
	if from == "" || from == to {
		return change{to: w.data()}, d.put(bucket)
	}
	return change{to: w.state[from]}, func(change) error {
		_, err := d.client.CopyObject(context.Background(), bucket, from, bucket, to, nil, minio.CopySrcOptions{},
			minio.PutObjectOptions{})
		return err
	}
}

func (d *doors) deleteObject(w *writer) (change, operation) {
	path := w.any()
	return change{path: nil}, func(change) error {
		return d.client.RemoveObject(context.Background(), bucket, path, minio.RemoveObjectOptions{})
	}
}

// minPart is the least size of all parts but the last.
const minPart = 5 << 20

// upload stores a file in two parts, of which the first is nearly the same each time.
func (d *doors) upload(w *writer) (change, operation) {
	path := w.any()
	data := slices.Concat(harness.Bytes(1, minPart), w.data())
	copy(data[w.rand.IntN(minPart):], "something else")
	return change{path: data}, func(change) error {
		ctx := context.Background()
		id, err := d.client.NewMultipartUpload(ctx, bucket, path, minio.PutObjectOptions{})
		if err != nil {
			return err
		}
		var parts []minio.CompletePart
		for i, part := range [][]byte{data[:minPart], data[minPart:]} {
			p, err := d.client.PutObjectPart(ctx, bucket, path, id, i+1, bytes.NewReader(part), int64(len(part)),
				minio.PutObjectPartOptions{})
			if err != nil {
				return err
			}
			parts = append(parts, minio.CompletePart{PartNumber: i + 1, ETag: p.ETag})
		}
		_, err = d.client.CompleteMultipartUpload(ctx, bucket, path, id, parts, minio.PutObjectOptions{})
		return err
	}
}

// mountOperations change files in the mount, and sync what they have changed.
func mountOperations(d *doors) operations {
	ops := operations{d.replace, d.replace, d.appendTo, d.overwrite, d.rename, d.remove}
	for i, op := range ops {
		ops[i] = func(w *writer) (change, operation) {
			files, do := op(w)
			return files, func(files change) error {
				err := do(files)
				if err == nil && d.hidden() {
					err = errors.New("not in the mount")
				}
				return err
			}
		}
	}
	return ops
}

// hidden reports whether files have gone to the directory beneath the mount, which they must only when a server that ends has
// unmounted: one that was killed leaves a mount that fails.
func (d *doors) hidden() bool {
	var root unix.Stat_t
	if unix.Stat(d.dir, &root) != nil || !harness.Beneath(root, d.dir) {
		return false
	}
	if !d.leaving.Load() {
		d.t.Errorf("%s shows what it hides", d.server)
	}
	return true
}

// unfinished is the end of the names of files that are not in place yet.
const unfinished = ".new"

// replace puts a new file in place as editors do.
func (d *doors) replace(w *writer) (change, operation) {
	path, data := w.any(), w.data()
	return change{path: data}, func(change) error {
		if err := os.MkdirAll(filepath.Dir(d.path(path)), 0o755); err != nil {
			return err
		}
		if err := d.writeAt(path+unfinished, os.O_CREATE|os.O_TRUNC, 0, data); err != nil {
			return err
		}
		if err := os.Rename(d.path(path+unfinished), d.path(path)); err != nil {
			return err
		}
		return d.syncDir(path)
	}
}

// appendTo makes a file longer.
func (d *doors) appendTo(w *writer) (change, operation) {
	path := w.existing()
	if path == "" || len(w.state[path]) > 1<<20 {
		return d.replace(w)
	}
	w.inPlace = true
	old, more := w.state[path], w.data()
	return change{path: slices.Concat(old, more)}, func(change) error {
		return d.writeAt(path, 0, int64(len(old)), more)
	}
}

// overwrite changes bytes in the middle of a file.
func (d *doors) overwrite(w *writer) (change, operation) {
	path := w.existing()
	if path == "" {
		return d.replace(w)
	}
	w.inPlace = true
	data := slices.Clone(w.state[path])
	from := w.rand.IntN(len(data))
	n := copy(data[from:], w.data())
	return change{path: data}, func(change) error { return d.writeAt(path, 0, int64(from), data[from:from+n]) }
}

func (d *doors) rename(w *writer) (change, operation) {
	from, to := w.existing(), w.any()
	if from == "" || from == to {
		return d.replace(w)
	}
	return change{to: w.state[from], from: nil}, func(change) error {
		if err := os.Rename(d.path(from), d.path(to)); err != nil {
			return err
		}
		return d.syncDir(to)
	}
}

func (d *doors) remove(w *writer) (change, operation) {
	path := w.existing()
	if path == "" {
		return d.replace(w)
	}
	return change{path: nil}, func(change) error {
		if err := os.Remove(d.path(path)); err != nil {
			return err
		}
		return d.syncDir(path)
	}
}

// writeAt writes and syncs with one call each.
func (d *doors) writeAt(path string, flags int, from int64, data []byte) (err error) {
	f, err := os.OpenFile(d.path(path), os.O_WRONLY|flags, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteAt(data, from); err != nil {
		return err
	}
	return f.Sync()
}

// syncDir makes the changes of the names beside path durable.
func (d *doors) syncDir(path string) (err error) {
	dir, err := os.Open(filepath.Dir(d.path(path)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	return dir.Sync()
}

// commitOperations publish several files in one commit.
func commitOperations(d *doors) operations {
	return operations{func(w *writer) (change, operation) {
		files := change{}
		for range 3 {
			files[w.any()] = w.data()
		}
		return files, d.commit
	}}
}

// commit stores the files in an open commit, and finishes that.
func (d *doors) commit(files change) error {
	r := d.store.Try("commit", "start", bucket)
	if r.Code != 0 {
		return errors.New(r.Stderr)
	}
	open := strings.TrimSpace(r.Stdout) + "." + bucket
	if err := d.put(open)(files); err != nil {
		return err
	}
	if r := d.store.Try("commit", "finish", open); r.Code != 0 {
		return fmt.Errorf("commit finish: %s", r.Stderr)
	}
	return nil
}
