package fsys

import (
	"io"

	"pfsd/pfs"
)

// splice puts n bytes of a content, from an offset on, in the place of those at another offset of a file. The caller holds
// the inode's folding lock.
func (m *mount) splice(d *fileData, content pfs.Content, from, to, n int64, by stamp) error {
	f, nothing := d.begin(false)
	made, err := m.spliced(f, nothing, content, from, to, n)
	if err != nil {
		d.end(f, nil)
		return err
	}
	d.lengthen(f, made.Content.Size, by)
	d.end(f, made)
	return nil
}

// spliced returns the content that a fold makes, with bytes of another one put into it.
func (m *mount) spliced(f fold, nothing bool, content pfs.Content, from, to, n int64) (*pfs.Ingested, error) {
	base := f.base
	if !nothing {
		folded, err := f.run(m.ctx, m.store, m.empty.Content)
		if err != nil {
			return nil, err
		}
		defer folded.Release()
		base = folded.Content
	}
	source := shifted{m.store.OpenContent(content), from - to}
	return m.store.Rewrite(m.ctx, base, max(base.Size, to+n), []pfs.Range{{Offset: to, Size: n}}, source)
}

// shifted reads at an offset what another one has farther on.
type shifted struct {
	io.ReaderAt
	by int64
}

// ReadAt implements io.ReaderAt.
func (s shifted) ReadAt(p []byte, off int64) (int, error) { return s.ReaderAt.ReadAt(p, off+s.by) }

// lengthen notes that the fold at work makes the file size bytes long, unless it has been cut meanwhile.
func (d *fileData) lengthen(f fold, size int64, by stamp) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.foldCut == f.size {
		d.foldCut, d.size = size, max(d.size, size)
	}
	d.changedLocked(by)
}

// room returns the content below the written ranges, and how many bytes these have.
func (d *fileData) room() (base pfs.Content, written int64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.base, d.dirty.size() + d.folding.size()
}

// roomLocked returns how many bytes n, whose size is given, takes outside of holes: never more than that, nor fewer than there
// are. The caller holds n.mu.
func (m *mount) roomLocked(n *inode, size int64) int64 {
	if !n.isFile() {
		return size
	}
	base, written := n.content, int64(0)
	if d := n.data.Load(); d != nil {
		base, written = d.room()
	}
	if base != n.storedOf {
		n.storedOf, n.stored = base, base.Size
		if holes, err := m.store.OpenContent(base).Holes(m.ctx); err == nil { // Who reads it gets the error.
			n.stored -= holes
		}
	}
	return min(n.stored+written, size)
}
