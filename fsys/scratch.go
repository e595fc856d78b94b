package fsys

import (
	"errors"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// scratchFiles is how many files a Scratch has at most that was made for one Server.
const scratchFiles = 8

// block is the unit in which room in scratch files is given out. It is room in the file's addresses only: what is not written in a
// block takes no space on disk.
const block = 1 << 20

// Scratch is a few unnamed files, in which all mounts of a store keep what was written to inodes and is not stored yet. An inode has
// a file to itself as long as there are enough, since a file takes one write at a time. A file is there while an inode uses it.
// All methods may be called concurrently.
type Scratch struct {
	dir string
	max int

	// mu guards what follows, and the users, next and free of each file. Files are made and closed under it.
	mu    sync.Mutex
	files []*scratchFile
}

// scratchFile is one of the files. Blocks are named by their number in it.
type scratchFile struct {
	*os.File
	// users is how many inodes use the file.
	users int
	// next is the first block that was never used; free are those before it that nobody has. They read as zeros.
	next int64
	free []int64
}

// NewScratch returns a Scratch of up to max files, at least one, in a directory that must be there.
func NewScratch(dir string, max int) *Scratch {
	return &Scratch{dir: dir, max: max}
}

// join returns a file for one more inode, which must leave it.
func (s *Scratch) join() (*scratchFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	least := s.leastLocked()
	if least == nil || least.users > 0 && len(s.files) < s.max {
		f, err := s.create()
		switch {
		case err == nil:
			least = &scratchFile{File: f}
			s.files = append(s.files, least)
		case least == nil:
			return nil, err
		}
	}
	least.users++
	return least, nil
}

// leastLocked returns the file that fewest inodes use; nil when there is none.
func (s *Scratch) leastLocked() *scratchFile {
	if len(s.files) == 0 {
		return nil
	}
	return slices.MinFunc(s.files, func(a, b *scratchFile) int { return a.users - b.users })
}

// take gives out a block of f.
func (s *Scratch) take(f *scratchFile) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(f.free); n > 0 {
		b := f.free[n-1]
		f.free = f.free[:n-1]
		return b
	}
	f.next++
	return f.next - 1
}

// leave takes back the blocks of an inode that uses f no more. The last one closes the file, with all that is in it.
func (s *Scratch) leave(f *scratchFile, blocks []int64) {
	if s.isLast(f) {
		return
	}
	slices.Sort(blocks)
	for len(blocks) > 0 {
		n := 1
		for n < len(blocks) && blocks[n] == blocks[0]+int64(n) {
			n++
		}
		// Blocks that cannot be emptied are never given out again.
		if f.punch(blocks[0]*block, int64(n)*block) == nil {
			s.giveBack(f, blocks[:n])
		}
		blocks = blocks[n:]
	}
}

// isLast takes one user of f off, and reports whether it was the last. The file is gone then.
func (s *Scratch) isLast(f *scratchFile) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users--; f.users > 0 {
		return false
	}
	s.files = slices.DeleteFunc(s.files, func(other *scratchFile) bool { return other == f })
	_ = f.Close() // Nothing in it is needed any more.
	return true
}

func (s *Scratch) giveBack(f *scratchFile, blocks []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.free = append(f.free, blocks...)
}

// create makes a file without a name.
func (s *Scratch) create() (*os.File, error) {
	fd, err := unix.Open(s.dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), s.dir+"/scratch"), nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) {
		return nil, &os.PathError{Op: "open", Path: s.dir, Err: err}
	}
	f, err := os.CreateTemp(s.dir, "scratch-")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// punch makes a hole, which reads as zeros.
func (f *scratchFile) punch(off, n int64) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var punchErr error
	err = conn.Control(func(fd uintptr) {
		punchErr = unix.Fallocate(int(fd), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	})
	return errors.Join(err, punchErr)
}
