package pfs

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"
)

// FS returns the snapshot as package io/fs sees file systems: with regular files and directories as such, and all else as
// files that can be listed and looked at, but not read. It implements fs.ReadDirFS and fs.StatFS, and its files io.ReaderAt
// and io.Seeker. Sys of what its Stat returns is the *Entry. Reading goes on until ctx is done.
func (s *Snapshot) FS(ctx context.Context) fs.FS { return snapshotFS{ctx, s} }

// snapshotFS is a Snapshot as an fs.FS. That interface has no place for a context but this.
type snapshotFS struct {
	ctx  context.Context
	snap *Snapshot
}

var (
	_ fs.ReadDirFS = snapshotFS{}
	_ fs.StatFS    = snapshotFS{}
)

// path returns the path that a name of package io/fs stands for.
func (f snapshotFS) path(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return "", nil
	}
	return name, nil
}

// failed makes err one of package io/fs.
func failed(op, name string, err error) error {
	switch KindOf(err) {
	case KindFileNotFound, KindNotDir:
		err = errors.Join(fs.ErrNotExist, err)
	case KindInvalid, KindNameTooLong:
		err = errors.Join(fs.ErrInvalid, err)
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

func (f snapshotFS) stat(op, name string) (entryInfo, error) {
	path, err := f.path(op, name)
	if err != nil {
		return entryInfo{}, err
	}
	e, err := f.snap.Stat(f.ctx, path)
	if err != nil {
		return entryInfo{}, failed(op, name, err)
	}
	if path == "" {
		e.Name = "."
	}
	return entryInfo{&e}, nil
}

// Stat implements fs.StatFS. It follows no symlink.
func (f snapshotFS) Stat(name string) (fs.FileInfo, error) {
	info, err := f.stat("stat", name)
	if err != nil {
		return nil, err
	}
	return info, nil
}

// ReadDir implements fs.ReadDirFS.
func (f snapshotFS) ReadDir(name string) ([]fs.DirEntry, error) {
	info, err := f.stat("readdir", name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New(KindNotDir.String())}
	}
	return f.entries(name)
}

// entries returns the entries of a directory by name, which is not quite the order of Snapshot.List.
func (f snapshotFS) entries(name string) ([]fs.DirEntry, error) {
	path, err := f.path("readdir", name)
	if err != nil {
		return nil, err
	}
	var list []fs.DirEntry
	for e, err := range f.snap.List(f.ctx, path, "") {
		if err != nil {
			return nil, failed("readdir", name, err)
		}
		list = append(list, fs.FileInfoToDirEntry(entryInfo{&e}))
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return list, nil
}

// Open implements fs.FS.
func (f snapshotFS) Open(name string) (fs.File, error) {
	info, err := f.stat("open", name)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return &openDir{fs: f, name: name, info: info}, nil
	case info.e.Kind == EntryFile:
		file := f.snap.store.OpenContent(info.e.Content)
		return &openFile{SectionReader: io.NewSectionReader(file, 0, file.Size()), info: info}, nil
	default:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
}

// entryInfo is an Entry as an fs.FileInfo.
type entryInfo struct{ e *Entry }

func (i entryInfo) Name() string       { return i.e.Name }
func (i entryInfo) Size() int64        { return i.e.Content.Size }
func (i entryInfo) Mode() fs.FileMode  { return FileMode(i.e) }
func (i entryInfo) ModTime() time.Time { return timeOf(i.e.Mtime) }
func (i entryInfo) IsDir() bool        { return i.e.IsDir() }
func (i entryInfo) Sys() any           { return i.e }

// openFile is an open regular file.
type openFile struct {
	*io.SectionReader
	info entryInfo
}

// Stat implements fs.File.
func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close implements fs.File. There is nothing to release.
func (f *openFile) Close() error { return nil }

// openDir is an open directory. It is for one goroutine at a time.
type openDir struct {
	fs   snapshotFS
	name string
	info entryInfo
	// list are the entries that are still to come; listed is set once it has been read.
	list   []fs.DirEntry
	listed bool
}

var _ fs.ReadDirFile = (*openDir)(nil)

// Stat implements fs.File.
func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }

// Read implements fs.File: a directory has no bytes.
func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: errors.New(KindIsDir.String())}
}

// Close implements fs.File.
func (d *openDir) Close() error { return nil }

// ReadDir implements fs.ReadDirFile.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.listed {
		list, err := d.fs.entries(d.name)
		if err != nil {
			return nil, err
		}
		d.list, d.listed = list, true
	}
	if n <= 0 || n > len(d.list) {
		if n > 0 && len(d.list) == 0 {
			return nil, io.EOF
		}
		n = len(d.list)
	}
	some := d.list[:n:n]
	d.list = d.list[n:]
	return some, nil
}
