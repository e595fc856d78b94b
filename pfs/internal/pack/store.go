package pack

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Defaults of Options.
const (
	DefaultMaxSize = 1 << 30
	// DefaultFreeMark is more than badgerkv needs for a transaction, as long as it is small: a disk that bulk bytes have filled
	// must still have room for the commit of what deletes some.
	DefaultFreeMark = 192 << 20
	DefaultIdle     = 32
	DefaultHandles  = 256
)

// checkSpace is how many bytes are appended between two looks at the free space.
const checkSpace = 16 << 20

// Options of a Store. The zero value of each field stands for its default.
type Options struct {
	// MaxSize is how large a pack may grow, in bytes. A pack with one record may be larger.
	MaxSize int64
	// FreeMark is how much room is left on the disk, in bytes: an Append that finds less fails with ErrNoSpace. It must
	// cover what is appended between two looks, 16 MiB.
	FreeMark int64
	// Idle is how many packs stay open for the next Lease; others are sealed when they are released. The last one released
	// is leased first, so that few packs grow when there are few Writers; with many, sealing would leave many small packs.
	Idle int
	// Handles is how many files of packs stay open for the next read.
	Handles int
}

// Store is a set of packs in one directory. All methods may be called concurrently. The directory belongs to one Store of
// one process at a time; that is for the caller to ensure.
type Store struct {
	fs      FS
	opts    Options
	handles handles
	buffers sync.Pool // of *[]byte
	// budget is how many bytes may be appended before free space is looked at again.
	budget atomic.Int64

	// mu guards all below. No I/O is done under it; pack.mu may be taken.
	mu     sync.RWMutex
	packs  map[uint64]*pack
	idle   []*pack // open for appending, and with no Writer
	next   uint64  // id of the next pack
	closed bool
	// noted is the highest id that note was called for.
	noted uint64
	note  func(last uint64) error

	// noting is held while note is called. mu may be taken under it.
	noting sync.Mutex
}

// noteAhead is for how many packs note is called at once.
const noteAhead = 64

// Info says what there is of one pack.
type Info struct {
	ID uint64
	// Size in bytes, up to the end of the last record.
	Size int64
	// Sealed is set when nothing will be appended to the pack any more.
	Sealed bool
	// Err is the error for which the pack was abandoned, if it was.
	Err error
}

// Open returns the store of the packs in fs. It reads no pack. Files that are not packs are left alone; those of packs
// without a record, which a crash can leave, are removed.
func Open(fs FS, opts Options) (*Store, error) {
	opts.MaxSize = cmp.Or(opts.MaxSize, DefaultMaxSize)
	opts.FreeMark = cmp.Or(opts.FreeMark, DefaultFreeMark)
	opts.Idle = cmp.Or(opts.Idle, DefaultIdle)
	opts.Handles = cmp.Or(opts.Handles, DefaultHandles)
	files, err := fs.List()
	if err != nil {
		return nil, fmt.Errorf("pack: list: %w", err)
	}
	s := &Store{
		fs: fs, opts: opts,
		handles: handles{fs: fs, max: opts.Handles, open: map[uint64]*handle{}},
		buffers: sync.Pool{New: func() any { return new([]byte) }},
		packs:   map[uint64]*pack{},
		next:    1,
	}
	for _, f := range files {
		id, ok := parseName(f.Name)
		if !ok {
			continue
		}
		s.next = max(s.next, id+1)
		if f.Size > packHeader {
			s.packs[id] = existing(id, f.Size)
		} else if err := fs.Remove(f.Name); err != nil {
			return nil, fmt.Errorf("pack: remove empty: %w", err)
		}
	}
	return s, nil
}

// Packs returns all packs in the order of their ids, which is that of their creation.
func (s *Store) Packs() []Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	infos := make([]Info, 0, len(s.packs))
	for _, p := range s.packs {
		infos = append(infos, p.info())
	}
	slices.SortFunc(infos, func(a, b Info) int { return cmp.Compare(a.ID, b.ID) })
	return infos
}

// Number sees to it that no id is given out twice, even when the last packs were lost: new packs get ids above last, and
// before one gets an id that is above all that note was called for, note is called with the highest that will be given out
// until the next call. What it notes must be durable when it returns; its error is that of the Append that calls for the pack.
// Without Number ids are above those of the packs that were there at Open. It is to be called once, before the first Lease.
func (s *Store) Number(last uint64, note func(last uint64) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = max(s.next, last+1)
	s.noted, s.note = last, note
}

// nextID returns the id of the next pack.
func (s *Store) nextID() (uint64, error) {
	s.noting.Lock()
	defer s.noting.Unlock()
	s.mu.RLock()
	id, noted, closed := s.next, s.noted, s.closed
	s.mu.RUnlock()
	if closed {
		return 0, ErrClosed
	}
	if s.note != nil && id > noted {
		noted = id + noteAhead - 1
		if err := s.note(noted); err != nil {
			return 0, fmt.Errorf("note its id: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next, s.noted = id+1, noted
	return id, nil
}

// pack returns a pack by its id, or ErrNotFound or ErrClosed.
func (s *Store) pack(id uint64) (*pack, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	if p := s.packs[id]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, fileName(id))
}

// Close ends the store. It syncs nothing: what no Sync has covered may be lost. Reads and Sections that are under way
// finish, and their files are closed then. It returns ErrClosed when called again.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.closed = true
	packs := s.packs
	s.mu.Unlock()
	for _, p := range packs {
		if h := p.abandonPin(); h != nil {
			s.handles.release(h)
		}
	}
	return s.handles.close()
}

// abandonPin returns the pin for release at Close, if no fsync is using it; else the fsync releases it.
func (p *pack) abandonPin() *handle {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil && !(p.sealed && p.durableLocked(p.size)) {
		p.err = ErrClosed
	}
	p.sealed = true
	return p.unpinLocked()
}
