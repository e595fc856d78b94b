package cli

import (
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"

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
	// dirs are the directories made, whose attributes are set when all is in them.
	dirs []control.Entry
	// temps counts the temporary names.
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
	if info.Mode().Perm() != fileMode(e.Mode) {
		if err := r.root.Chmod(name, fileMode(e.Mode)); err != nil {
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

// receiveFile writes a file under another name, and renames it when it is whole and right.
func (r *receiver) receiveFile(name string, e control.Entry, body io.Reader) (err error) {
	temp := r.temporary(name)
	file, err := r.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return about(r.local(name), err)
	}
	defer func() {
		file.Close()
		if err != nil {
			_ = r.root.Remove(temp)
			err = about(r.local(name), err)
		}
	}()
	hash := blake3.New(32, nil)
	size, err := writeSparse(file, io.TeeReader(body, hash))
	if err != nil {
		return err
	}
	if size != e.Size {
		return fmt.Errorf("%s: %d bytes came, not %d", name, size, e.Size)
	}
	// A hash that ends in "-0" is not that of the bytes.
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != e.ETag && !strings.HasSuffix(e.ETag, "-0") {
		return fmt.Errorf("%s: the bytes that came hash to %s, not to %s", name, sum, e.ETag)
	}
	if err := file.Chmod(fileMode(e.Mode)); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := r.root.Chtimes(temp, e.Mtime, e.Mtime); err != nil {
		return err
	}
	return r.root.Rename(temp, name)
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
	temp := r.temporary(name)
	if err := r.root.Symlink(target, temp); err != nil {
		return about(r.local(name), err)
	}
	if err := r.root.Rename(temp, name); err != nil {
		_ = r.root.Remove(temp)
		return about(r.local(name), err)
	}
	return nil
}

// finish gives the directories their attributes, the deepest first.
func (r *receiver) finish() error {
	for _, e := range slices.Backward(r.dirs) {
		name := path.Join(r.top, e.Path)
		if name == "" {
			continue
		}
		if err := r.root.Chmod(name, fileMode(e.Mode)); err != nil {
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

// temporary returns a name beside name that no other get uses at the same time.
func (r *receiver) temporary(name string) string {
	return path.Join(path.Dir(name), fmt.Sprintf(".pfsd-get-%d-%d", os.Getpid(), r.temps.Add(1)))
}

// fileMode returns the permission bits as package os has them.
func fileMode(mode control.Mode) fs.FileMode { return fs.FileMode(mode & 0o777) }

// holeSize is the size of an aligned run of zeros that becomes a hole, as it is one in the store.
const holeSize = 64 << 10

// writeSparse writes all of r to file, with holes for long runs of zeros, and returns how many bytes that were. A reader
// that fails with io.ErrUnexpectedEOF is taken to be at its end: the caller knows how much there should be.
func writeSparse(file *os.File, r io.Reader) (int64, error) {
	buf := make([]byte, holeSize)
	zeros := make([]byte, holeSize)
	size := int64(0)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 && string(buf[:n]) != string(zeros[:n]) {
			if _, err := file.WriteAt(buf[:n], size); err != nil {
				return size, err
			}
		}
		size += int64(n)
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return size, file.Truncate(size)
		default:
			return size, err
		}
	}
}
