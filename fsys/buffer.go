package fsys

import (
	"errors"
	"io"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Limits of what written bytes may take in memory before they go to a scratch file.
const (
	maxBufferMemory = 256 << 10
	maxTotalMemory  = 48 << 20
)

// keepFree is how much scratch files leave free on their disk. It is the store's, too, which needs room to commit anything,
// and for what it does in the background: with less than this, what is written here could not be linked anyway.
const keepFree = 256 << 20

// scratch is where the buffers of one mount keep what they have.
type scratch struct {
	// dir holds the scratch files, which have no name there.
	dir string
	// keep is how many bytes are left free on its disk.
	keep int64
	// used is how much memory all buffers take.
	used atomic.Int64
}

// open returns a new unnamed file.
func (s *scratch) open() (*os.File, error) {
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

// checkRoom returns ENOSPC when size bytes more would take of what is to be left free.
func (s *scratch) checkRoom(size int64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return &os.PathError{Op: "statfs", Path: s.dir, Err: err}
	}
	if int64(st.Bavail)*st.Bsize-size < s.keep {
		return &os.PathError{Op: "write", Path: s.dir, Err: unix.ENOSPC}
	}
	return nil
}

// buffer keeps the bytes written to a file at their offsets: in memory while they lie close together and are few, else in a
// sparse scratch file, that is, in the page cache, which the kernel can write out. It does not know which bytes
// were written; what was not reads as anything. Its owner's lock guards it.
type buffer struct {
	scratch *scratch
	// start is the offset of mem[0].
	start int64
	mem   []byte
	// file has all the bytes when it is not nil, and mem none.
	file *os.File
}

// writeAt keeps p.
func (b *buffer) writeAt(p []byte, off int64) error {
	if b.file == nil && b.grow(off, off+int64(len(p))) {
		copy(b.mem[off-b.start:], p)
		return nil
	}
	if err := b.scratch.checkRoom(int64(len(p))); err != nil {
		return err
	}
	if b.file == nil {
		if err := b.spill(); err != nil {
			return err
		}
	}
	_, err := b.file.WriteAt(p, off)
	return err
}

// grow makes mem hold the bytes from off to end, too, and reports whether it could.
func (b *buffer) grow(off, end int64) bool {
	start := off
	if b.mem != nil {
		start, end = min(b.start, off), max(b.start+int64(len(b.mem)), end)
	}
	size := end - start
	if size > maxBufferMemory || b.scratch.used.Load()+size > maxTotalMemory {
		return false
	}
	if start == b.start && size <= int64(cap(b.mem)) {
		b.mem = b.mem[:size]
		return true
	}
	mem := make([]byte, size, min(max(2*size, 4<<10), maxBufferMemory))
	copy(mem[max(b.start-start, 0):], b.mem)
	b.scratch.used.Add(int64(cap(mem) - cap(b.mem)))
	b.start, b.mem = start, mem
	return true
}

// spill moves what is in memory to a scratch file.
func (b *buffer) spill() error {
	f, err := b.scratch.open()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(b.mem, b.start); err != nil {
		return errors.Join(err, f.Close())
	}
	b.dropMemory()
	b.file = f
	return nil
}

func (b *buffer) dropMemory() {
	b.scratch.used.Add(-int64(cap(b.mem)))
	b.start, b.mem = 0, nil
}

// zero makes a range read as zeros, in hardly more space than before.
func (b *buffer) zero(s span) error {
	if b.file == nil && b.grow(s.off, s.end) {
		clear(b.mem[s.off-b.start : s.end-b.start])
		return nil
	}
	if b.file == nil {
		if err := b.spill(); err != nil {
			return err
		}
	}
	return b.punch(s)
}

// punch makes a hole in the scratch file.
func (b *buffer) punch(s span) error {
	return unix.Fallocate(int(b.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, s.off, s.end-s.off)
}

// discard gives back the space of bytes that are not needed any more. It is only thrift: an error changes nothing.
func (b *buffer) discard(gone ranges) {
	if b.file == nil {
		return
	}
	for _, s := range gone {
		if b.punch(s) != nil {
			return
		}
	}
}

// ReadAt reads bytes that were written; where nothing was, zeros.
func (b *buffer) ReadAt(p []byte, off int64) (int, error) {
	if b.file == nil {
		return memoryReader{b.start, b.mem}.ReadAt(p, off)
	}
	return fileReader{b.file}.ReadAt(p, off)
}

// reader returns a reader that may be used without the lock while others write: of bytes written meanwhile it may read the
// old or the new ones.
func (b *buffer) reader() io.ReaderAt {
	if b.file != nil {
		return fileReader{b.file}
	}
	return memoryReader{b.start, append([]byte(nil), b.mem...)}
}

// reset forgets all bytes.
func (b *buffer) reset() {
	b.dropMemory()
	if b.file != nil {
		_ = b.file.Close() // Nothing in it is needed any more.
		b.file = nil
	}
}

// memoryReader reads mem, which stands at start, with zeros around it.
type memoryReader struct {
	start int64
	mem   []byte
}

func (m memoryReader) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < m.start {
		if lead := m.start - off; lead < int64(len(p)) {
			copy(p[lead:], m.mem)
		}
		return len(p), nil
	}
	if skip := off - m.start; skip < int64(len(m.mem)) {
		copy(p, m.mem[skip:])
	}
	return len(p), nil
}

// fileReader reads a scratch file, with zeros behind its end.
type fileReader struct{ file *os.File }

func (f fileReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.file.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, err
	}
	clear(p[n:])
	return len(p), nil
}
