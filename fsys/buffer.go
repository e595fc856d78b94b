package fsys

import (
	"io"
	"maps"
	"os"
	"slices"
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
	// files are what has no room in memory.
	files *Scratch
	// keep is how many bytes are left free on its disk.
	keep int64
	// used is how much memory all buffers take.
	used atomic.Int64
}

// checkRoom returns ENOSPC when size bytes more would take of what is to be left free.
func (s *scratch) checkRoom(size int64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(s.files.dir, &st); err != nil {
		return &os.PathError{Op: "statfs", Path: s.files.dir, Err: err}
	}
	if int64(st.Bavail)*st.Bsize-size < s.keep {
		return &os.PathError{Op: "write", Path: s.files.dir, Err: unix.ENOSPC}
	}
	return nil
}

// buffer keeps the bytes written to a file at their offsets: in memory while they lie close together and are few, else in blocks of
// a scratch file, that is, in the page cache, which the kernel can write out. It does not know which bytes were written; what was
// not reads as anything. Its owner's lock guards it.
type buffer struct {
	scratch *scratch
	// start is the offset of mem[0].
	start int64
	mem   []byte
	// stored has all the bytes when its file is not nil, and mem none.
	stored stored
}

// writeAt keeps p.
func (b *buffer) writeAt(p []byte, off int64) error {
	if b.stored.file == nil && b.grow(off, off+int64(len(p))) {
		copy(b.mem[off-b.start:], p)
		return nil
	}
	if err := b.scratch.checkRoom(int64(len(p))); err != nil {
		return err
	}
	if b.stored.file == nil {
		if err := b.spill(); err != nil {
			return err
		}
	}
	return b.write(p, off)
}

// write writes p to blocks.
func (b *buffer) write(p []byte, off int64) error {
	for len(p) > 0 {
		n := min(int64(len(p)), block-off%block)
		at, ok := b.stored.at(off)
		if !ok {
			b.stored.blocks[off/block] = b.scratch.files.take(b.stored.file)
			at, _ = b.stored.at(off)
		}
		if _, err := b.stored.file.WriteAt(p[:n], at); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
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
	f, err := b.scratch.files.join()
	if err != nil {
		return err
	}
	b.stored = stored{f, map[int64]int64{}}
	if err := b.write(b.mem, b.start); err != nil {
		b.leave()
		return err
	}
	b.dropMemory()
	return nil
}

// leave gives back the blocks, and the file.
func (b *buffer) leave() {
	b.scratch.files.leave(b.stored.file, slices.Collect(maps.Values(b.stored.blocks)))
	b.stored = stored{}
}

func (b *buffer) dropMemory() {
	b.scratch.used.Add(-int64(cap(b.mem)))
	b.start, b.mem = 0, nil
}

// zero makes a range read as zeros, in hardly more space than before.
func (b *buffer) zero(s span) error {
	if b.stored.file == nil && b.grow(s.off, s.end) {
		clear(b.mem[s.off-b.start : s.end-b.start])
		return nil
	}
	if b.stored.file == nil {
		if err := b.spill(); err != nil {
			return err
		}
	}
	return b.stored.punch(s)
}

// discard gives back the space of bytes that are not needed any more. It is only thrift: an error changes nothing.
func (b *buffer) discard(gone ranges) {
	if b.stored.file == nil {
		return
	}
	for _, s := range gone {
		if b.stored.punch(s) != nil {
			return
		}
	}
}

// ReadAt reads bytes that were written; where nothing was, zeros.
func (b *buffer) ReadAt(p []byte, off int64) (int, error) {
	if b.stored.file == nil {
		return memoryReader{b.start, b.mem}.ReadAt(p, off)
	}
	return b.stored.ReadAt(p, off)
}

// reader returns a reader that may be used without the lock while others write: of bytes written meanwhile it may read the
// old or the new ones.
func (b *buffer) reader() io.ReaderAt {
	if b.stored.file != nil {
		return stored{b.stored.file, maps.Clone(b.stored.blocks)}
	}
	return memoryReader{b.start, append([]byte(nil), b.mem...)}
}

// reset forgets all bytes.
func (b *buffer) reset() {
	b.dropMemory()
	if b.stored.file != nil {
		b.leave()
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
