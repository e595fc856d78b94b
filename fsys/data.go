package fsys

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"syscall"

	"pfsd/pfs"
)

// window is the unit in which the store cuts files: a rewrite touches whole windows of a content, so that what is folded
// early is folded in such.
const window = 16 << 20

// maxSize is how far a file can be written to.
const maxSize = math.MaxInt64 / 2

// fileData is the bytes of a regular file that is open, or has changes that are not linked: a content of the store, cut at
// some length, with written ranges over it. All handles of an inode share it.
type fileData struct {
	contents contentOpener
	scratch  *scratch
	// foldFailed is set when folding early has failed, and not succeeded since.
	foldFailed atomic.Bool

	// mu guards what follows. Readers hold it while they read written bytes or a content with written bytes over it.
	mu sync.RWMutex
	// base is what lies below the written ranges, up to baseLen; behind that, and up to size, are zeros.
	base    pfs.Content
	file    *pfs.File
	baseLen int64
	// pin keeps base from being collected while no name points to it.
	pin *pfs.Ingested
	// size of the file.
	size int64
	// dirty are the ranges written since the last fold began; folding those that a fold is at work on. The bytes of both
	// are in buf.
	dirty, folding ranges
	buf            buffer
	// foldCut is the least size that the file has had since the fold at work began.
	foldCut int64
	// version counts changes; linked is the version that was last linked.
	version, linked uint64
	// mtime and ctime hold, instead of those of the inode, while touched is set.
	mtime, ctime int64
	touched      bool
	// lost are the bits of the mode that writes took away, while that is not linked.
	lost uint32
	// mapped is set when a mapping wrote what is not linked.
	mapped bool
	// changedBy has the users whose changes are not linked, each with the version of the last; opener is the one who opened the
	// file last to write to it, as whose the kernel passes on what mappings write.
	changedBy map[uint32]uint64
	opener    uint32
	// since is when the oldest change that is not linked was made.
	since int64
	// closed is set by close: what a fold that was at work then has made is of no use any more.
	closed bool
}

// contentOpener gives readers of contents.
type contentOpener interface {
	OpenContent(c pfs.Content) *pfs.File
}

// newFileData returns the data of a file whose content is c.
func newFileData(contents contentOpener, s *scratch, c pfs.Content) *fileData {
	return &fileData{
		contents: contents, scratch: s, buf: buffer{scratch: s},
		base: c, file: contents.OpenContent(c), baseLen: c.Size, size: c.Size,
	}
}

// changedLocked notes a change.
func (d *fileData) changedLocked(by stamp) {
	if d.version == d.linked {
		d.since = by.at
	}
	d.signLocked(by.uid)
	d.mtime, d.ctime, d.touched = by.at, by.at, true
}

// signLocked begins the next version, which has a user's change.
func (d *fileData) signLocked(uid uint32) {
	d.version++
	if d.changedBy == nil {
		d.changedBy = make(map[uint32]uint64)
	}
	d.changedBy[uid] = d.version
}

// touch notes a change of what is no byte: a new file that is not linked.
func (d *fileData) touch(by stamp) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changedLocked(by)
}

// changed reports whether there is anything that is not linked.
func (d *fileData) changed() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.version != d.linked
}

// writeBack is write of what a mapping wrote, as the kernel passes it on.
func (d *fileData) writeBack(p []byte, off int64, by stamp) error {
	d.mu.RLock()
	by.uid = d.opener
	d.mu.RUnlock()
	err := d.write(p, off, by)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mapped = d.mapped || err == nil
	return err
}

// openedBy notes who has opened the file to write to it.
func (d *fileData) openedBy(uid uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opener = uid
}

// write writes p at off.
func (d *fileData) write(p []byte, off int64, by stamp) error {
	end := off + int64(len(p))
	if off < 0 || end > maxSize {
		return syscall.EFBIG
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.buf.writeAt(p, off); err != nil {
		return err
	}
	d.dirty.add(span{off, end})
	d.size = max(d.size, end)
	d.changedLocked(by)
	return nil
}

// zero makes a range within the file read as zeros, and the file at least as long as minSize. What is a hole stays one.
func (d *fileData) zero(ctx context.Context, s span, minSize int64, by stamp) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.size = max(d.size, minSize)
	s.end = min(s.end, d.size)
	d.changedLocked(by)
	for s.off < s.end {
		data, end, err := d.extentLocked(ctx, s.off)
		if err != nil {
			return err
		}
		end = min(end, s.end)
		if data {
			if err := d.buf.zero(span{s.off, end}); err != nil {
				return err
			}
			d.dirty.add(span{s.off, end})
		}
		s.off = end
	}
	return nil
}

// truncate cuts the file, or makes it longer with zeros.
func (d *fileData) truncate(size int64, by stamp) error {
	if size < 0 || size > maxSize {
		return syscall.EFBIG
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if size < d.size {
		d.baseLen = min(d.baseLen, size)
		d.foldCut = min(d.foldCut, size)
		gone := span{size, math.MaxInt64}
		d.dirty.remove(gone)
		d.folding.remove(gone)
	}
	d.size = size
	d.changedLocked(by)
	return nil
}

// retime sets the time of the last change of anything and, if set, that of the bytes, if the next link would set others. It
// reports whether it would.
func (d *fileData) retime(set bool, mtime int64, by stamp) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.touched {
		return false
	}
	d.signLocked(by.uid) // A link that is under way may have taken the time before.
	d.ctime = by.at
	if set {
		d.mtime = mtime
	}
	return true
}

// look returns the size, and the times if touched.
func (d *fileData) look() (size, mtime, ctime int64, touched bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.size, d.mtime, d.ctime, d.touched
}

// readAt reads up to len(p) bytes; fewer only at the end of the file.
func (d *fileData) readAt(p []byte, off int64) (int, error) {
	d.mu.RLock()
	if off >= d.size || off < 0 {
		d.mu.RUnlock()
		return 0, nil
	}
	p = p[:min(int64(len(p)), d.size-off)]
	if file := d.file; len(d.dirty) == 0 && len(d.folding) == 0 && d.baseLen == d.size {
		d.mu.RUnlock()
		return len(p), readFull(file, p, off)
	}
	defer d.mu.RUnlock()
	return len(p), d.readLocked(p, off)
}

// readLocked fills p with what is at off, which must be within the file.
func (d *fileData) readLocked(p []byte, off int64) error {
	whole := span{off, off + int64(len(p))}
	written := append(d.dirty.within(whole), d.folding.within(whole)...)
	if len(written) != 1 || written[0] != whole {
		n := min(max(d.baseLen-off, 0), int64(len(p)))
		if err := readFull(d.file, p[:n], off); err != nil {
			return err
		}
		clear(p[n:])
	}
	for _, s := range written {
		if _, err := d.buf.ReadAt(p[s.off-off:s.end-off], s.off); err != nil {
			return err
		}
	}
	return nil
}

// readFull reads all of p, which must be within the file.
func readFull(f *pfs.File, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// close gives back what the data holds. Nobody may use it any more, but a fold that is at work may end.
func (d *fileData) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.buf.reset()
	d.dirty, d.folding = nil, nil
	d.setPinLocked(nil)
}

// setPinLocked lets go of the pin that was, and keeps another.
func (d *fileData) setPinLocked(pin *pfs.Ingested) {
	if d.pin != nil {
		d.pin.Release()
	}
	d.pin = pin
}

// lose notes that a change takes bits of the mode away.
func (d *fileData) lose(bits uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost |= bits
}

// regain notes that the mode has been given anew.
func (d *fileData) regain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost = 0
}

// lostBits are the bits of the mode that the store has and that are not to be shown any more.
func (d *fileData) lostBits() uint32 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.lost
}
