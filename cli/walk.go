package cli

import (
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
)

// lookahead is how many files may be compared with the store before they are sent.
const lookahead = 64

// local is a local file or directory, and where it goes to.
type local struct {
	name, to string
	entry    fs.DirEntry
	// named is set for a source that the user has named, not for what is found in it.
	named bool
	// compared is closed when etag is set: to that of the file that the store has there, if it has the same bytes. Then info is
	// the state of the local file that has them.
	compared chan struct{}
	etag     string
	info     fs.FileInfo
	err      error
}

// walk finds what is at source and below it, and has files compared with what is stored, several at a time.
func (s *sender) walk(ctx context.Context, source, to string, found chan<- *local) error {
	comparing := make(chan struct{}, runtime.GOMAXPROCS(0))
	return filepath.WalkDir(source, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if name == source && err != nil {
			return err
		}
		rel, relErr := filepath.Rel(source, name)
		if relErr != nil {
			return relErr
		}
		l := &local{name: name, to: to, entry: d, named: rel == ".", compared: make(chan struct{}), err: err}
		if rel != "." {
			at, ok, err := s.names.place(path.Join(to, filepath.ToSlash(rel)), name)
			if err != nil || !ok {
				return err
			}
			l.to = at
		}
		if err := s.startComparing(ctx, l, comparing); err != nil {
			return err
		}
		found <- l
		return nil
	})
}

// startComparing has a file compared with the one that is stored in its place, if there is one. Each comparison takes a place
// in comparing.
func (s *sender) startComparing(ctx context.Context, l *local, comparing chan struct{}) error {
	if l.err != nil {
		close(l.compared)
		return nil
	}
	candidate, err := s.stored.candidate(ctx, l)
	if err != nil {
		return err
	}
	if candidate == nil {
		close(l.compared)
		return nil
	}
	comparing <- struct{}{}
	go func() {
		l.err = l.compare(ctx, candidate)
		close(l.compared)
		<-comparing
	}()
	return nil
}
