package fsys

import (
	"context"
	"errors"
	"io"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"pfsd/pfs"
)

// Fallocate makes a file longer, or a part of it zeros. That there will be room for later writes it cannot promise: what is
// written never takes the place of what was there.
func (m *mount) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	n, d := m.file(&in.InHeader)
	switch {
	case m.readOnly():
		return fuse.EROFS
	case d == nil:
		return fuse.EBADF
	}
	off, end := int64(in.Offset), int64(in.Offset+in.Length)
	if off < 0 || end <= off || end > maxSize {
		return fuse.Status(syscall.EFBIG)
	}
	minSize := end
	if in.Mode&unix.FALLOC_FL_KEEP_SIZE != 0 {
		minSize = 0
	}
	var err error
	switch in.Mode &^ unix.FALLOC_FL_KEEP_SIZE {
	case 0:
		err = d.extend(minSize, m.stamp(&in.Caller))
	case unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE:
		err = m.withRoom(n, d, func() error { return d.zero(m.ctx, span{off, end}, minSize, m.stamp(&in.Caller)) })
	default:
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	m.dirty.add(n)
	return m.failed("fallocate", err)
}

// extend makes the file at least as long as size.
func (d *fileData) extend(size int64, by stamp) error {
	if had, _, _, _ := d.look(); size <= had {
		return nil
	}
	return d.truncate(size, by)
}

// Lseek finds data and holes.
func (m *mount) Lseek(_ <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	_, d := m.file(&in.InHeader)
	if d == nil {
		return fuse.EBADF
	}
	var at int64
	var err error
	switch in.Whence {
	case unix.SEEK_DATA:
		at, err = d.seek(m.ctx, int64(in.Offset), true)
	case unix.SEEK_HOLE:
		at, err = d.seek(m.ctx, int64(in.Offset), false)
	default:
		return fuse.EINVAL
	}
	if err != nil {
		return m.fail("lseek", err)
	}
	out.Offset = uint64(at)
	return fuse.OK
}

// extentUnit is the unit of data and holes as lseek(2) tells of them: one that has any data is data, as on a disk. Programs find out
// by trial what it is, and expect the size of a page or a power of two above.
const extentUnit = 4096

// seek returns the first offset from off on that is data, or else a hole; the end of the file is a hole. ENXIO says that
// there is none.
func (d *fileData) seek(ctx context.Context, off int64, data bool) (int64, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if off < 0 || off >= d.size {
		return 0, syscall.ENXIO
	}
	for at := off - off%extentUnit; at < d.size; {
		first, end, err := d.nextDataLocked(ctx, at)
		switch first -= first % extentUnit; {
		case err != nil:
			return 0, err
		case data && end == 0:
			return 0, syscall.ENXIO
		case data:
			return max(first, off), nil
		case end == 0 || first > at:
			return max(at, off), nil
		}
		at = (end + extentUnit - 1) / extentUnit * extentUnit
	}
	return d.size, nil
}

// nextDataLocked returns where the first data from off on begins, and up to where at least there is more; zeros when there is
// none.
func (d *fileData) nextDataLocked(ctx context.Context, off int64) (first, end int64, err error) {
	for off < d.size {
		data, end, err := d.extentLocked(ctx, off)
		if err != nil || data {
			return off, end, err
		}
		off = end
	}
	return 0, 0, nil
}

// extentLocked reports whether there is data at off, and up to where at least it is the same.
func (d *fileData) extentLocked(ctx context.Context, off int64) (data bool, end int64, err error) {
	end = d.size
	for _, written := range []ranges{d.dirty, d.folding} {
		if i := written.find(off); i < len(written) {
			if written[i].off <= off {
				return true, written[i].end, nil
			}
			end = min(end, written[i].off)
		}
	}
	if off >= d.baseLen {
		return false, end, nil
	}
	first, err := d.file.NextData(ctx, off)
	switch {
	case errors.Is(err, io.EOF):
		return false, end, nil
	case err != nil:
		return false, 0, err
	case first > off:
		return false, min(first, end), nil
	}
	hole, err := d.file.NextHole(ctx, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, 0, err
	}
	if err != nil {
		hole = d.base.Size
	}
	return true, min(max(hole, off+1), end, d.baseLen), nil
}

// maxCopy is how much one request can say that it has copied: as copy_file_range(2), whole pages below 2 GiB.
const maxCopy = 0x7ffff000

// maxSplice is how much one request copies where that takes reading.
const maxSplice = 128 << 20

// CopyFileRange copies a file's beginning, or goes on with that, into an empty one by giving it the same content: no bytes
// move. Other copies are made within the store, where the bytes are there already.
func (m *mount) CopyFileRange(_ <-chan struct{}, in *fuse.CopyFileRangeIn) (uint32, fuse.Status) {
	return m.copyFrom(m, in)
}

// copyFrom is CopyFileRange of a file in another mount of the store, or this one.
func (m *mount) copyFrom(other *mount, in *fuse.CopyFileRangeIn) (uint32, fuse.Status) {
	source, from := other.file(&in.InHeader)
	target := m.table.get(in.NodeIdOut)
	switch {
	case m.readOnly():
		return 0, fuse.EROFS
	case target == nil || from == nil || target.data.Load() == nil:
		return 0, fuse.EBADF
	}
	content, err := other.settledContent(source, from)
	if err != nil {
		return 0, m.fail("copy_file_range", err)
	}
	off := int64(in.OffIn)
	if off >= content.Size {
		return 0, fuse.OK
	}
	size := min(int64(min(in.Len, maxCopy)), content.Size-off)
	target.folding.Lock()
	defer target.folding.Unlock()
	d, by := target.data.Load(), m.stamp(&in.Caller)
	if source == target || in.OffIn != in.OffOut || !d.adopt(content, off, off+size, by) {
		size = min(size, maxSplice)
		if in.OffOut > maxSize || int64(in.OffOut)+size > maxSize {
			return 0, fuse.Status(syscall.EFBIG)
		}
		if err := m.splice(d, content, off, int64(in.OffOut), size, by); err != nil {
			return 0, m.fail("copy_file_range", err)
		}
	}
	m.dirty.add(target)
	return uint32(size), fuse.OK
}

// settledContent returns the content of a file with everything that was written to it.
func (m *mount) settledContent(n *inode, d *fileData) (pfs.Content, error) {
	n.folding.Lock()
	defer n.folding.Unlock()
	content, _, err := m.foldData(d, false)
	return content, err
}

// adopt makes the file, which must have the first bytes of content up to off and nothing behind, have those up to end. It
// reports whether it could. The caller holds the inode's folding lock.
func (d *fileData) adopt(content pfs.Content, off, end int64, by stamp) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	continues := off == 0 || d.base == content && d.baseLen == off
	if !continues || len(d.dirty) > 0 || d.size > off {
		return false
	}
	d.base, d.file = content, d.contents.OpenContent(content)
	d.baseLen, d.size = end, end
	d.setPinLocked(nil)
	d.changedLocked(by)
	return true
}
