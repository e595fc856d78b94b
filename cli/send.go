package cli

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"syscall"
	"unicode/utf8"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

// sender sends local files as the parts of a put.
type sender struct {
	ctx   context.Context
	parts *control.PartWriter
	stdin io.Reader
	warn  func(format string, args ...any)
	// stored is what the branch has already.
	stored *stored
	// owners is set when files keep theirs.
	owners bool
}

// classify returns what a source of a put is, following symbolic links; "-" is a pipe.
func classify(source string) (fs.FileMode, error) {
	if source == "-" {
		return fs.ModeNamedPipe, nil
	}
	info, err := os.Stat(source)
	if err != nil {
		return 0, err
	}
	return info.Mode(), nil
}

// send sends a file, or a directory and all that is below it. Symbolic links below it are sent as such.
func (s *sender) send(todo localCopy) error {
	if todo.stream {
		return s.sendStream(todo)
	}
	// A source that is itself a link stands for what it points to.
	source, err := filepath.EvalSymlinks(todo.source)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	found := make(chan *local, lookahead)
	walked := make(chan error, 1)
	go func() {
		defer close(found)
		walked <- s.walk(ctx, source, todo.path, found)
	}()
	for l := range found {
		if err := s.sendEntry(l); err != nil {
			cancel()
			for range found {
			}
			return err
		}
	}
	return <-walked
}

// sendStream sends what comes out of stdin, a pipe or a device. Those that are found in a directory are left out.
func (s *sender) sendStream(todo localCopy) error {
	in := s.stdin
	if todo.source != "-" {
		file, err := os.Open(todo.source)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	return s.sendBytes(control.Entry{Path: todo.path, Kind: pfs.EntryFile.String()}, in)
}

// lookahead is how many files may be compared with the store before they are sent.
const lookahead = 64

// local is a local file or directory, and where it goes to.
type local struct {
	name, to string
	entry    fs.DirEntry
	// compared is closed when etag is set: to that of the file that the store has there, if it has the same bytes.
	compared chan struct{}
	etag     string
	err      error
}

// walk finds what is at source and below it, and has files compared with what is stored, several at a time.
func (s *sender) walk(ctx context.Context, source, to string, found chan<- *local) error {
	comparing := make(chan struct{}, runtime.GOMAXPROCS(0))
	return filepath.WalkDir(source, func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, name)
		if err != nil {
			return err
		}
		l := &local{name: name, to: to, entry: d, compared: make(chan struct{})}
		if rel != "." {
			l.to = path.Join(to, filepath.ToSlash(rel))
		}
		if err := pfs.CheckPath(l.to); err != nil {
			return err
		}
		candidate, err := s.stored.candidate(ctx, l)
		switch {
		case err != nil:
			return err
		case candidate == nil:
			close(l.compared)
		default:
			comparing <- struct{}{}
			go func() {
				l.etag, l.err = sameBytes(name, candidate)
				close(l.compared)
				<-comparing
			}()
		}
		found <- l
		return nil
	})
}

// sendEntry sends what is at name, to go to the path to.
func (s *sender) sendEntry(l *local) error {
	if <-l.compared; l.err != nil {
		return l.err
	}
	name, to, d := l.name, l.to, l.entry
	switch {
	case d.Type().IsRegular():
		return s.sendFile(name, to, l.etag)
	case d.IsDir() && to == "":
		return nil
	case d.IsDir():
		info, err := d.Info()
		if err != nil {
			return err
		}
		return s.sendBytes(s.entry(to, pfs.EntryDir, info), nil)
	case d.Type() == fs.ModeSymlink:
		return s.sendLink(name, to, d)
	default:
		s.warn("%s is left out: it is no file, directory or symbolic link", name)
		return nil
	}
}

// sendFile sends a file, without its bytes when those with the given ETag are stored already.
func (s *sender) sendFile(name, to, etag string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	e := s.entry(to, pfs.EntryFile, info)
	e.ETag = etag
	if etag != "" {
		return s.sendBytes(e, nil)
	}
	return s.sendBytes(e, file)
}

func (s *sender) sendLink(name, to string, d fs.DirEntry) error {
	target, err := os.Readlink(name)
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	e := s.entry(to, pfs.EntrySymlink, info)
	e.Target = target
	if !utf8.ValidString(target) {
		e.RawTarget = []byte(target)
	}
	return s.sendBytes(e, nil)
}

// entry returns what is sent of a local file, directory or link besides its bytes.
func (s *sender) entry(to string, kind pfs.EntryKind, info fs.FileInfo) control.Entry {
	who := person()
	e := control.Entry{
		Path: to, Kind: kind.String(), Mode: modeOf(info), Mtime: control.Storable(info.ModTime()), UID: who.UID, GID: who.GID,
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && s.owners {
		e.UID, e.GID = stat.Uid, stat.Gid
	}
	return e
}

// sendBytes sends one entry, with the bytes of r unless that is nil.
func (s *sender) sendBytes(e control.Entry, r io.Reader) error {
	w, err := s.parts.Next(e)
	if err != nil || r == nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}

// modeOf returns the permission bits as the store keeps them.
func modeOf(info fs.FileInfo) control.Mode {
	mode := control.Mode(info.Mode().Perm())
	for bit, unix := range map[fs.FileMode]control.Mode{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if info.Mode()&bit != 0 {
			mode |= unix
		}
	}
	return mode
}
