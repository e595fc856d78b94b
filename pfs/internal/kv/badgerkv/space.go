package badgerkv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"pfsd/pfs/internal/kv"
)

// reserveName is the file that takes up room; Badger ignores it.
const reserveName = "RESERVE"

// ample is more than Badger ever needs for what it has begun: with that much free there is no need to work it out. Its
// largest unit of work merges at most 15 tables of level 0, of a memtable each, with a base level of 100 MiB.
const ample = 2 << 30

// space keeps the disk from being filled.
type space struct {
	dir string
	// still fails when writing must stop, since the name of dir leads elsewhere.
	still   func() error
	mark    int64
	reserve int64
	// background returns how many bytes Badger may have to write for what it was given before; nil while it is not open.
	background func() int64

	// mu guards held. It is held while the reserve is made or given up.
	mu sync.Mutex
	// held is set while the reserve is known to be there.
	held bool
}

func newSpace(dir string, still func() error, mark, reserve int64) *space {
	return &space{dir: dir, still: still, mark: mark, reserve: reserve}
}

// makeRoom is called before Badger opens, which needs some room: it takes the reserve if there is enough, else gives it up.
func (s *space) makeRoom() error {
	free, err := s.free()
	if err != nil {
		return err
	}
	return s.adjust(free, s.mark)
}

// memtables is how many memtables there may be to be written as tables: those that are full, and the one that is written to.
const memtables = 3

// swing is by how much the room that is left can shrink, beyond what was written, between Room and the Put of what it was asked
// for: a memtable that becomes a table takes room, and is to be merged.
const swing = 2 * memtableSize

// Room implements kv.Roomer. It asks for more than Put does.
func (s *Store) Room(n int64) (err error) {
	defer s.named(&err)
	if err := s.begin(context.Background()); err != nil {
		return err
	}
	defer s.end()
	free, need, err := s.space.measure(s.space.mark + swing + n)
	if err != nil {
		return err
	}
	return enough(free, need)
}

// check returns kv.ErrNoSpace when less than mark bytes, and what Badger may need, are free.
func (s *space) check(mark int64) error {
	free, need, err := s.measure(mark)
	if err != nil {
		return err
	}
	if err := s.adjust(free, need); err != nil {
		return shortage(fmt.Errorf("badgerkv: reserve: %w", err))
	}
	return enough(free, need)
}

// measure returns how many bytes are free, and how many must be so that mark are left when Badger has what it may need. It fails when
// nothing may be written.
func (s *space) measure(mark int64) (free, need int64, err error) {
	if err := s.still(); err != nil {
		return 0, 0, shortage(err)
	}
	if free, err = s.free(); err != nil {
		return 0, 0, shortage(fmt.Errorf("badgerkv: free space: %w", err))
	}
	if free < ample+max(mark, s.mark) {
		return free, mark + s.background(), nil
	}
	return free, mark, nil
}

func enough(free, need int64) error {
	if free < need {
		return fmt.Errorf("%w: %d bytes are free, %d are needed", kv.ErrNoSpace, free, need)
	}
	return nil
}

// free returns how many bytes can be written by users other than root.
func (s *space) free() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// adjust gives the reserve up when less than need bytes are free, and takes it when that leaves twice as much.
func (s *space) adjust(free, need int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := filepath.Join(s.dir, reserveName)
	switch {
	case free < need:
		s.held = false
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	case !s.held && free >= 2*need+s.reserve:
		if err := allocate(name, s.reserve); err != nil {
			return err
		}
		s.held = true
	}
	return nil
}

// allocate makes a file that has size bytes on disk. A file system that cannot do so does without: the file is removed.
func allocate(name string, size int64) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), 0, 0, size)
	if err = errors.Join(err, f.Close()); err != nil {
		return os.Remove(name)
	}
	return nil
}

// background is what Badger may have to write even if nobody writes any more: its memtables as tables, and a merge of
// level 0 with the level below, whose inputs are deleted only at the end.
func (s *Store) background() int64 {
	merging, err := s.engine.merging()
	if err != nil {
		return ample // It cannot write anything then, either.
	}
	return memtables*memtableSize + merging
}
