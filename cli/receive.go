package cli

import (
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"lukechampine.com/blake3"

	"pfsd/cli/internal/control"
)

// receiver writes files of the store to local disk. All that it does is confined to one directory: no name and no symbolic
// link, stored or local, leads out of it. Files may be received concurrently.
type receiver struct {
	warn func(format string, args ...any)
	root *os.Root
	// top is what is received under, in root; empty for the root itself.
	top string
	// owners is set when entries keep theirs.
	owners bool
	// dirs are the directories made, whose attributes are set when all is in them.
	dirs []control.Entry
	// temps counts the temporary names that are used once.
	temps atomic.Int64
}

// receive writes one entry that is no file.
func (r *receiver) receive(e control.Entry) error {
	name := path.Join(r.top, e.Path)
	switch e.Kind {
	case "dir":
		return r.receiveDir(name, e)
	case "symlink":
		return r.receiveLink(name, e)
	default:
		r.warn("%s is left out: it is a %s", e.Path, e.Kind)
		return nil
	}
}

// has reports whether there is a local file already with an entry's bytes; it gives it the entry's mode and time.
func (r *receiver) has(name string, e control.Entry) (bool, error) {
	info, err := r.root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != e.Size {
		return false, nil
	}
	file, err := r.root.Open(name)
	if err != nil {
		return false, nil // it is replaced
	}
	defer file.Close()
	if sum, err := hashOf(file, e.Size); err != nil || sum != e.ETag {
		return false, err
	}
	if err := r.own(name, e); err != nil {
		return false, err
	}
	// To give a file an owner takes its set-id bits away.
	if mode := r.mode(e); info.Mode() != mode || r.owners {
		if err := r.root.Chmod(name, mode); err != nil {
			return false, err
		}
	}
	if info.ModTime().Equal(e.Mtime) {
		return true, nil
	}
	return true, r.root.Chtimes(name, e.Mtime, e.Mtime)
}

// hashOf returns the BLAKE3-256 of the size bytes, or what there is of them, that r yields, in hex, as an ETag is.
func hashOf(r io.Reader, size int64) (string, error) {
	hash := blake3.New(32, nil)
	// The hash is quicker in large pieces, while most files are small.
	buffer := make([]byte, min(size+1, 256<<10))
	for {
		n, err := r.Read(buffer)
		if _, hashErr := hash.Write(buffer[:n]); hashErr != nil {
			return "", hashErr
		}
		if err == io.EOF {
			return hex.EncodeToString(hash.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}

func (r *receiver) receiveDir(name string, e control.Entry) error {
	r.dirs = append(r.dirs, e)
	if name == "" {
		return nil
	}
	err := r.root.Mkdir(name, 0o700)
	if err == nil {
		return nil
	}
	if info, statErr := r.root.Lstat(name); statErr == nil && info.IsDir() {
		return nil
	}
	return err
}

func (r *receiver) receiveLink(name string, e control.Entry) error {
	target := e.Target
	if e.RawTarget != nil {
		target = string(e.RawTarget)
	}
	temp := r.unique(name)
	if err := r.root.Symlink(target, temp); err != nil {
		return about(r.local(name), err)
	}
	err := r.own(temp, e)
	if err == nil {
		err = r.timeLink(temp, e.Mtime)
	}
	if err == nil {
		err = r.root.Rename(temp, name)
	}
	if err != nil {
		_ = r.root.Remove(temp)
	}
	return about(r.local(name), err)
}

// timeLink gives a symbolic link its time. It is named by way of its directory, as nothing but that is confined to the root.
func (r *receiver) timeLink(name string, mtime time.Time) error {
	dir, err := r.root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	at := unix.NsecToTimespec(mtime.UnixNano())
	return unix.UtimesNanoAt(int(dir.Fd()), path.Base(name), []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}

// own gives what is at name the owner of an entry, where owners are kept.
func (r *receiver) own(name string, e control.Entry) error {
	if !r.owners {
		return nil
	}
	return r.root.Lchown(name, int(e.UID), int(e.GID))
}

// finish gives the directories their attributes, the deepest first.
func (r *receiver) finish() error {
	for _, e := range slices.Backward(r.dirs) {
		name := path.Join(r.top, e.Path)
		if name == "" {
			continue
		}
		if err := r.own(name, e); err != nil {
			return err
		}
		if err := r.root.Chmod(name, r.mode(e)); err != nil {
			return err
		}
		if err := r.root.Chtimes(name, e.Mtime, e.Mtime); err != nil {
			return err
		}
	}
	return nil
}

// local returns the path of name as the user knows it.
func (r *receiver) local(name string) string { return path.Join(r.root.Name(), name) }

// mode returns the mode of an entry as package os has it. The bits that let a program run as its owner are kept only with the
// owner.
func (r *receiver) mode(e control.Entry) fs.FileMode {
	mode := fs.FileMode(e.Mode & 0o777)
	if !r.owners {
		return mode
	}
	for bit, flag := range map[control.Mode]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if e.Mode&bit != 0 {
			mode |= flag
		}
	}
	return mode
}
