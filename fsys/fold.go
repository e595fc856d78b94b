package fsys

import (
	"context"
	"errors"
	"io"
	"syscall"

	"pfsd/pfs"
)

// How much may be written and not folded, in bytes and in separate ranges, before writers are made to wait for a fold.
const (
	earlyFold  = 2 * window
	maxUnfold  = 8 * window
	maxUnfolds = 4096
)

// ingester makes contents.
type ingester interface {
	Ingest(ctx context.Context, r io.Reader) (*pfs.Ingested, error)
	Rewrite(ctx context.Context, base pfs.Content, size int64, dirty []pfs.Range, src io.ReaderAt) (*pfs.Ingested, error)
}

// fold is one piece of work: a base, and ranges to be put over it to make another base.
type fold struct {
	base    pfs.Content
	baseLen int64
	size    int64
	ranges  ranges
	src     io.ReaderAt
	version uint64
}

// begin takes what there is to fold: all, or, with whole windows only, those that a writer going forward has left behind.
// nothing is set when base has all of it already. The caller holds the inode's folding lock, and calls end in any case.
func (d *fileData) begin(wholeWindows bool) (f fold, nothing bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f = fold{base: d.base, baseLen: d.baseLen, size: d.size, ranges: d.dirty, version: d.version}
	if wholeWindows {
		f.ranges = nil
		for _, s := range d.dirty {
			f.ranges.add(span{(s.off + window - 1) / window * window, s.end / window * window})
		}
		f.size = d.baseLen
		if n := len(f.ranges); n > 0 {
			f.size = max(f.size, f.ranges[n-1].end)
		}
		for _, s := range f.ranges {
			d.dirty.remove(s)
		}
	} else {
		d.dirty = nil
	}
	d.folding = append(ranges(nil), f.ranges...)
	d.foldCut = d.size
	f.src = d.buf.reader()
	return f, len(f.ranges) == 0 && (wholeWindows || f.baseLen == f.size && f.baseLen == f.base.Size)
}

// run makes the content. empty is the content without bytes.
func (f fold) run(ctx context.Context, store ingester, empty pfs.Content) (*pfs.Ingested, error) {
	base := f.base
	if f.baseLen == 0 {
		base = empty
	}
	if base.Size == 0 && f.ranges.covers(span{0, f.size}) {
		return store.Ingest(ctx, io.NewSectionReader(f.src, 0, f.size))
	}
	if f.baseLen < base.Size && f.baseLen < f.size {
		// What was cut off must not come back where the file grew again.
		cut, err := store.Rewrite(ctx, base, f.baseLen, nil, f.src)
		if err != nil {
			return nil, err
		}
		defer cut.Release()
		base = cut.Content
	}
	return store.Rewrite(ctx, base, f.size, f.ranges.asRanges(), f.src)
}

// end puts the new content below what has been written since begin; a nil one, as after an error, leaves all as it was.
func (d *fileData) end(f fold, made *pfs.Ingested) {
	d.mu.Lock()
	defer d.mu.Unlock()
	folded := d.folding
	d.folding = nil
	switch {
	case d.closed && made != nil:
		made.Release()
		return
	case made == nil:
		d.dirty.addAll(folded)
		return
	}
	d.base, d.file = made.Content, d.contents.OpenContent(made.Content)
	d.baseLen = min(made.Content.Size, d.foldCut)
	d.setPinLocked(made)
	if len(d.dirty) == 0 {
		d.buf.reset()
		return
	}
	for _, s := range d.dirty {
		folded.remove(s)
	}
	d.buf.discard(folded)
}

// settle notes that version has been linked.
func (d *fileData) settle(version uint64, now int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.linked, d.since = version, now
	d.settleWritersLocked(version)
	if d.version == version {
		d.touched, d.mapped, d.lost = false, false, 0
		d.setPinLocked(nil)
	}
}

// foldData folds what was written into the base of d; all of it, or the windows that a writer has left behind. It returns
// the base as it is then, and the version that it has all changes of. The caller holds the inode's folding lock.
func (m *mount) foldData(d *fileData, wholeWindows bool) (pfs.Content, uint64, error) {
	f, nothing := d.begin(wholeWindows)
	if nothing {
		d.end(f, nil)
		return f.base, f.version, nil
	}
	made, err := f.run(m.ctx, m.store, m.empty.Content)
	if err != nil {
		d.end(f, nil)
		return pfs.Content{}, 0, err
	}
	d.end(f, made)
	return made.Content, f.version, nil
}

// withRoom calls put, which writes to d. When the bytes lie too far apart for a scratch file, whose file system has a limit
// that contents have not, it folds what was written before, and calls put once more.
func (m *mount) withRoom(n *inode, d *fileData, put func() error) error {
	err := put()
	if !errors.Is(err, syscall.EFBIG) {
		return err
	}
	n.folding.Lock()
	defer n.folding.Unlock()
	if _, _, err := m.foldData(d, false); err != nil {
		return err
	}
	d.emptyBuffer()
	return put()
}

// emptyBuffer resets the buffer if nothing in it is needed. The caller holds the inode's folding lock.
func (d *fileData) emptyBuffer() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.dirty) == 0 {
		d.buf.reset()
	}
}

// unfolded is how much is written and neither folded nor being folded.
func (d *fileData) unfolded() (bytes int64, spans int) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.dirty.size(), len(d.dirty)
}

// relieve folds early what there is much of, so that scratch files stay small and close(2) is quick. A writer that is far
// ahead of it waits.
func (m *mount) relieve(n *inode, d *fileData) error {
	bytes, spans := d.unfolded()
	switch {
	case spans > maxUnfolds || bytes > maxUnfold:
		n.folding.Lock()
		defer n.folding.Unlock()
		if bytes, spans = d.unfolded(); spans <= maxUnfolds && bytes <= maxUnfold {
			return nil
		}
		_, _, err := m.foldData(d, spans <= maxUnfolds && bytes <= 2*maxUnfold)
		return err
	case bytes >= earlyFold && n.folding.TryLock():
		m.work.Add(1)
		go func() {
			defer m.work.Done()
			defer n.folding.Unlock()
			_, _, err := m.foldData(d, true)
			if failed := d.foldFailed.Swap(err != nil); err != nil && !failed {
				m.log.Warn("folding early failed, and is tried again", "inode", n.id, "error", err)
			}
		}()
	}
	return nil
}
