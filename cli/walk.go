package cli

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// lookahead is how many files may be compared with the store before they are sent.
const lookahead = 64

// local is a local file or directory, and where it goes to.
type local struct {
	name, to string
	entry    fs.DirEntry
	// top is the directory that the user has named, open, and rel the path from it; top is nil when that is a file.
	top *os.File
	rel string
	// named is set for a source that the user has named, not for what is found in it.
	named bool
	// compared is closed when etag is set: to that of the file that the store has there, if it has the same bytes. Then info is
	// the state of the local file that has them.
	compared chan struct{}
	etag     string
	info     fs.FileInfo
	err      error
}

// walker finds what is to be sent to a path.
type walker struct {
	sender *sender
	ctx    context.Context
	to     string
	found  chan<- *local
	// comparing has a place for each comparison that may go on at a time.
	comparing chan struct{}
}

// walk finds what is at source and below it, and has files compared with what is stored, several at a time.
func (s *sender) walk(ctx context.Context, source, to string, found chan<- *local) error {
	info, err := os.Lstat(source)
	if err == nil && info.IsDir() {
		s.top, err = os.OpenFile(source, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	}
	if err != nil {
		return err
	}
	w := walker{sender: s, ctx: ctx, to: to, found: found, comparing: make(chan struct{}, runtime.GOMAXPROCS(0))}
	return w.visit(&local{name: source, to: to, top: s.top, rel: ".", entry: fs.FileInfoToDirEntry(info), named: true})
}

// visit hands over what was found, unless its name cannot be stored, and all that is below it.
func (w *walker) visit(l *local) (err error) {
	storable := true
	if !l.named {
		l.to, storable, err = w.sender.names.place(path.Join(w.to, l.rel), l.name)
	}
	if err == nil && storable {
		err = w.hand(l)
	}
	if err != nil || !l.entry.IsDir() {
		return err
	}
	entries, err := l.list()
	switch {
	case err != nil && l.named:
		return err
	case err != nil && storable:
		return w.hand(&local{name: l.name, to: l.to, top: l.top, rel: l.rel, entry: l.entry, err: err})
	}
	for _, e := range entries {
		err := w.visit(&local{name: filepath.Join(l.name, e.Name()), top: l.top, rel: path.Join(l.rel, e.Name()), entry: e})
		if err != nil {
			return err
		}
	}
	return nil
}

// hand hands over what was found, to be sent.
func (w *walker) hand(l *local) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	l.compared = make(chan struct{})
	if err := w.sender.startComparing(w.ctx, l, w.comparing); err != nil {
		return err
	}
	w.found <- l
	return nil
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
