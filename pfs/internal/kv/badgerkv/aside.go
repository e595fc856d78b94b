package badgerkv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// asideKept is how many directories of crashes are kept.
const asideKept = 8

// aside is where files are moved, or copied, that Badger would remove or cut off. Each opening of the store that needs one has a
// directory of its own there: N.damage, which is kept for ever, for files that no interruption leaves; and N.crash, of which the
// newest asideKept are kept, for files that one does leave.
type aside struct {
	path string
	// names are those of the directories that this opening has made, by kind.
	names map[asideKind]string
}

// asideKind is why files are aside.
type asideKind string

const (
	ofCrash  asideKind = "crash"
	ofDamage asideKind = "damage"
)

// place returns the directory for files of a kind, which it makes.
func (a *aside) place(kind asideKind) (string, error) {
	if dir := a.names[kind]; dir != "" {
		return dir, nil
	}
	if err := os.MkdirAll(a.path, 0o700); err != nil {
		return "", err
	}
	sets, err := a.sets()
	if err != nil {
		return "", err
	}
	next := 1
	if len(sets) > 0 {
		next = sets[len(sets)-1].number + 1
	}
	dir := filepath.Join(a.path, fmt.Sprintf("%d.%s", next, kind))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if a.names == nil {
		a.names = map[asideKind]string{}
	}
	a.names[kind] = dir
	return dir, errors.Join(syncDir(a.path), syncDir(filepath.Dir(a.path)))
}

// move moves a file aside.
func (a *aside) move(name string, kind asideKind) error {
	dir, err := a.place(kind)
	if err != nil {
		return err
	}
	if err := os.Rename(name, filepath.Join(dir, filepath.Base(name))); err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(name)))
}

// copy keeps aside what a file is now. Blocks of zeros take no room in the copy.
func (a *aside) copy(name string, kind asideKind) error {
	dir, err := a.place(kind)
	if err != nil {
		return err
	}
	if err := copySparse(name, filepath.Join(dir, filepath.Base(name))); err != nil {
		return err
	}
	return syncDir(dir)
}

func copySparse(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	size, err := writeSparse(dst, src)
	if err == nil {
		err = dst.Truncate(size)
	}
	return errors.Join(err, dst.Sync(), dst.Close())
}

// writeSparse copies all of src but blocks of zeros, and returns its size.
func writeSparse(dst *os.File, src io.Reader) (size int64, err error) {
	block := make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(src, block)
		if n > 0 && !isZero(block[:n]) {
			if _, err := dst.WriteAt(block[:n], size); err != nil {
				return size, err
			}
		}
		size += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
}

func isZero(b []byte) bool { return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) }

// asideSet is one directory of files that are aside.
type asideSet struct {
	number int
	name   string
	kind   asideKind
}

// sets returns the directories that are there, the oldest first.
func (a *aside) sets() ([]asideSet, error) {
	entries, err := os.ReadDir(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var sets []asideSet
	for _, e := range entries {
		digits, kind, _ := strings.Cut(e.Name(), ".")
		if n, err := strconv.Atoi(digits); err == nil {
			sets = append(sets, asideSet{n, filepath.Join(a.path, e.Name()), asideKind(kind)})
		}
	}
	slices.SortFunc(sets, func(a, b asideSet) int { return a.number - b.number })
	return sets, nil
}

// prune removes what crashes have left, but for the newest. It is called when the store has been opened.
func (a *aside) prune() error {
	if a.names[ofCrash] == "" {
		return nil
	}
	sets, err := a.sets()
	if err != nil {
		return err
	}
	sets = slices.DeleteFunc(sets, func(s asideSet) bool { return s.kind != ofCrash })
	for _, s := range sets[:max(0, len(sets)-asideKept)] {
		if err := os.RemoveAll(s.name); err != nil {
			return err
		}
	}
	return nil
}
