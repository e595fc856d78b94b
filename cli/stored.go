package cli

import (
	"context"
	"path"
	"strings"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

// stored is what a branch has where local files are to go: each directory is listed once, when the first file for it is
// found. It is for one goroutine.
type stored struct {
	store *control.Client
	ref   string
	dirs  map[string]map[string]control.Entry
}

func newStored(store *control.Client, ref string) *stored {
	return &stored{store: store, ref: ref, dirs: map[string]map[string]control.Entry{}}
}

// candidate returns the stored file at the path where a local one is to go, if they can have the same bytes; else nil.
func (s *stored) candidate(ctx context.Context, l *local) (*control.Entry, error) {
	if s == nil || !l.entry.Type().IsRegular() {
		return nil, nil
	}
	info, err := l.stat()
	if isMoving(err) {
		return nil, nil // gone meanwhile, which whoever sends it reports
	}
	if err != nil {
		return nil, err
	}
	return s.find(ctx, l.to, info.Size())
}

// find returns the stored file at a path, if it has that size; else nil.
func (s *stored) find(ctx context.Context, to string, size int64) (*control.Entry, error) {
	dir, name := path.Split(to)
	dir = strings.TrimSuffix(dir, "/")
	if s.dirs[dir] == nil {
		entries, err := s.list(ctx, dir)
		if err != nil {
			return nil, err
		}
		s.dirs[dir] = entries
	}
	e, ok := s.dirs[dir][name]
	if !ok || e.Kind != pfs.EntryFile.String() || e.Size != size {
		return nil, nil
	}
	return &e, nil
}

// list returns the entries of a directory by name; none when there is no such directory.
func (s *stored) list(ctx context.Context, dir string) (map[string]control.Entry, error) {
	entries := map[string]control.Entry{}
	for e, err := range s.store.List(ctx, control.FileRequest{Ref: s.ref, Path: dir}) {
		switch pfs.KindOf(err) {
		case 0:
		case pfs.KindFileNotFound, pfs.KindNotDir:
			return entries, nil
		default:
			return nil, err
		}
		if e.Path != dir {
			entries[path.Base(e.Path)] = e
		}
	}
	return entries, nil
}

// compare notes the ETag of a stored file when a local one has the same bytes. What has gone or changes is left to the sender.
func (l *local) compare(ctx context.Context, stored *control.Entry) error {
	file, err := openReading(ctx, l)
	if isMoving(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.close()
	sum, err := hashOf(file, stored.Size)
	if err == nil {
		err = file.whole()
	}
	if err == nil && sum == stored.ETag {
		l.etag, l.info = sum, file.info
	}
	if isMoving(err) {
		return nil
	}
	return err
}
