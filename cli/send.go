package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
	names  *naming
	// leftOut is how many files were left out because something changed them.
	leftOut int
	// top is the directory that is being sent, open while that lasts.
	top *os.File
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
	if todo.stream && len(s.names.refused) > 0 {
		return nil
	}
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
		if err = s.sendEntry(l); err != nil {
			cancel()
			break
		}
	}
	for l := range found {
		<-l.compared
	}
	err = cmp.Or(err, <-walked)
	if s.top != nil {
		s.top.Close()
		s.top = nil
	}
	return err
}

// sendStream sends the bytes that come out of stdin, a pipe or a device. Pipes and devices that are found in a directory are
// left out. A file that is stdin is not to change, while other streams are as they come.
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
	whole, err := steady(s.ctx, in)
	if err == nil {
		err = s.sendBytes(control.Entry{Path: todo.path, Kind: pfs.EntryFile.String()}, in)
	}
	if err == nil {
		err = whole()
	}
	if errors.Is(err, errChanged) {
		err = fmt.Errorf("stdin: %w", err)
	}
	return err
}

// sendEntry sends a file, directory or symbolic link. One that was found in a directory and is changed all the time, or has
// gone since, is left out, with a warning.
func (s *sender) sendEntry(l *local) error {
	<-l.compared
	err := l.err
	if err == nil {
		err = s.sendFound(l)
	}
	switch {
	case !isMoving(err):
		return err
	case l.named && errors.Is(err, errChanged):
		return fmt.Errorf("%s: %w; put it again when nothing writes to it", l.name, err)
	case l.named:
		return err
	case errors.Is(err, errChanged):
		s.warn("%s is left out: %v", l.name, err)
	default:
		s.warn("%s is left out: it was removed or replaced while the directory was read", l.name)
	}
	s.leftOut++
	return nil
}

// isMoving reports whether an error tells no more than that somebody changes a file, or has taken it away, since it was found.
func isMoving(err error) bool {
	for _, is := range []error{errChanged, fs.ErrNotExist, syscall.ENOTDIR, syscall.ELOOP, syscall.ENXIO, syscall.ESTALE} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// sendFound sends an entry as what it was found to be.
func (s *sender) sendFound(l *local) error {
	d := l.entry
	switch {
	case d.Type().IsRegular():
		return s.sendFile(l)
	case d.IsDir() && l.to == "":
		return nil
	case d.IsDir():
		info, err := l.stat()
		if err != nil {
			return err
		}
		return s.sendBytes(s.entry(l.to, pfs.EntryDir, info), nil)
	case l.named:
		return errChanged // which it was not when it was named
	case d.Type() == fs.ModeSymlink:
		return s.sendLink(l)
	default:
		s.warn("%s is left out: it is no file, directory or symbolic link", l.name)
		return nil
	}
}

// attempts is how often a file that is changed while it is read is read at most.
const attempts = 3

// sendFile sends a file, without its bytes when they are stored already.
func (s *sender) sendFile(l *local) error {
	if l.etag != "" {
		e := s.entry(l.to, pfs.EntryFile, l.info)
		e.ETag = l.etag
		return s.sendBytes(e, nil)
	}
	var err error
	for range attempts {
		if err = s.sendWhole(l); !errors.Is(err, errChanged) {
			return err
		}
	}
	return err
}

// sendWhole sends a file as it was at one moment. When it was not the same all the time it takes back what was sent.
func (s *sender) sendWhole(l *local) error {
	file, err := openReading(s.ctx, l)
	if err != nil {
		return err
	}
	defer file.close()
	err = s.sendBytes(s.entry(l.to, pfs.EntryFile, file.info), file)
	if err == nil {
		err = file.whole()
	}
	if !errors.Is(err, errChanged) {
		return err
	}
	return cmp.Or(s.parts.Void(), err)
}

func (s *sender) sendLink(l *local) error {
	target, info, err := l.readlink()
	if err != nil {
		return err
	}
	e := s.entry(l.to, pfs.EntrySymlink, info)
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
