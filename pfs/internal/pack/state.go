package pack

import (
	"fmt"
	"sync"
)

// pack is one file and what is known of it.
type pack struct {
	id uint64
	// checked returns the blocks found right so far; made at the first use, since most packs are never read.
	checked func() bitmap

	// mu guards all below. No I/O is done under it, and of the other locks only handles.mu is taken.
	mu sync.Mutex
	// size is the end of the last whole record; less than the file's when a write failed.
	size int64
	// synced is how much of size is known to be on disk.
	synced int64
	// named is set when the directory that names the file is on disk too.
	named bool
	// sealed is set when nothing will be appended any more.
	sealed bool
	// err is set once an fsync failed: what lies beyond synced is lost, whatever reads return.
	err error
	// syncing is closed when the fsync that runs now ends; nil when none does.
	syncing chan struct{}
	// pin keeps the file open from its creation until it is sealed and on disk: an fsync through another descriptor
	// might not learn of a write that failed before. nil for packs of earlier runs.
	pin *handle
}

// existing is a pack that an earlier run has left: all of it counts as being on disk.
func existing(id uint64, size int64) *pack {
	return &pack{id: id, checked: lazyBitmap(size), size: size, synced: size, named: true, sealed: true}
}

// created is a new pack with only its header, which is open as pin.
func created(id uint64, maxSize int64, pin *handle) *pack {
	return &pack{id: id, checked: lazyBitmap(maxSize), size: packHeader, pin: pin}
}

func lazyBitmap(size int64) func() bitmap {
	return sync.OnceValue(func() bitmap { return newBitmap(size) })
}

// writable returns where the next record goes, or false when the pack takes no more.
func (p *pack) writable() (off int64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size, !p.sealed && p.err == nil
}

// grow makes n bytes more, just written behind the end, part of the pack.
func (p *pack) grow(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size += int64(n)
}

// seal ends appending. It returns the handle to be released, if any.
func (p *pack) seal() *handle {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sealed = true
	return p.unpinLocked()
}

// unpinLocked returns the pin for release when nobody will sync through it any more.
func (p *pack) unpinLocked() *handle {
	done := p.sealed && p.durableLocked(p.size)
	if p.syncing != nil || !done && p.err == nil {
		return nil
	}
	pin := p.pin
	p.pin = nil
	return pin
}

// durableLocked reports whether the first size bytes are on disk, and the file's name with them.
func (p *pack) durableLocked(size int64) bool { return p.named && p.synced >= size }

// readable returns nil when the record of loc can be there, else why it cannot be read.
func (p *pack) readable(loc Location) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !loc.valid():
		return &CorruptError{Pack: loc.Pack, Offset: loc.Offset, What: fmt.Sprintf("no record of %d bytes can be here", loc.Length)}
	case loc.end() > p.size:
		return &CorruptError{Pack: loc.Pack, Offset: loc.Offset, What: fmt.Sprintf("record of %d bytes ends behind the pack's end, %d",
			loc.Length, p.size)}
	case p.err != nil && loc.end() > p.synced:
		return p.err
	}
	return nil
}

// info returns what Packs reports.
func (p *pack) info() Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Info{ID: p.id, Size: p.size, Sealed: p.sealed || p.err != nil, Err: p.err}
}
