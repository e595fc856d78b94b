package cas

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"lukechampine.com/blake3"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// DefaultCacheBytes is the memory that decoded records may take when Options do not say.
const DefaultCacheBytes = 32 << 20

// Options of a Store. The zero value of each field stands for its default.
type Options struct {
	// CacheBytes is how much memory decoded window records and nodes, and the places of chunks, may take, in bytes.
	CacheBytes int64
	// Guard is what the collection of garbage has in common with those who use rows; nil for one that nobody else has.
	Guard *live.Guard
}

// packs is what a Store needs from *pack.Store; see packStore.
type packs interface {
	Lease(ctx context.Context) (appender, error)
	Sync(ctx context.Context, packs ...uint64) error
	ReadAt(loc pack.Location, p []byte, off int64) error
	Section(loc pack.Location, off int64, n int) (sec pack.Section, ok bool, err error)
	Covers(loc pack.Location) error
}

// appender is what a Store needs from *pack.Writer.
type appender interface {
	Append(hash schema.Hash, data []byte) (pack.Location, error)
	Release()
}

var _ packs = packStore{}

// packStore is a *pack.Store with its Writers as appenders.
type packStore struct{ *pack.Store }

func (s packStore) Lease(ctx context.Context) (appender, error) { return s.Store.Lease(ctx) }

// Store keeps the bytes of contents. All methods may be called concurrently, but for Pending, of which one may run at a
// time.
type Store struct {
	kv    kv.Store
	packs packs
	cache *cache
	// places is where chunks were when they were last read: pack.Location.
	places *cache
	guard  *live.Guard
	// sparseLimit is the constant of that name, but in tests, which would have to be large.
	sparseLimit int64

	// budget is how many bytes of rows may be taken before it is asked again whether there is room for them.
	budget atomic.Int64

	// saving is held while finished batches are made durable, so that a Pending that finds none left knows that all are.
	// mu may be taken while it is held.
	saving sync.Mutex

	// mu guards all below and the fields of rows and batches. No I/O is done under it.
	mu sync.Mutex
	// unsaved has the rows that are not known to be in kv, by key.
	unsaved map[string]*row
	// unsavedBytes is what they sum to.
	unsavedBytes int64
	// finished has the batches of operations that have ended, and of which not all rows are saved.
	finished []*batch
	// open has the last batch that was finished with each root, while not all of its rows are saved.
	open map[schema.Hash]*batch
	// running has the batches of the operations that run.
	running map[*batch]struct{}
	// pins counts the Pins on each root, and holds the Holds.
	pins, holds map[schema.Hash]int
	// lost has the roots of contents and parts that ErrLost has befallen since they were last written.
	lost map[schema.Hash]error
	// unreadable has chunks that were found damaged in their packs, and were not stored again since; at most maxUnreadable.
	unreadable map[schema.Hash]struct{}
}

// New returns a store of contents whose rows are in rows and whose larger chunks are in packs. It closes neither.
func New(rows kv.Store, packs *pack.Store, opts Options) *Store {
	return newStore(rows, packStore{packs}, opts)
}

func newStore(rows kv.Store, packs packs, opts Options) *Store {
	if opts.CacheBytes <= 0 {
		opts.CacheBytes = DefaultCacheBytes
	}
	if opts.Guard == nil {
		opts.Guard = &live.Guard{}
	}
	return &Store{
		kv: rows, packs: packs, cache: newCache(opts.CacheBytes / 4 * 3), places: newCache(opts.CacheBytes / 4),
		guard: opts.Guard, sparseLimit: sparseLimit,
		unsaved: map[string]*row{}, open: map[schema.Hash]*batch{}, running: map[*batch]struct{}{},
		pins: map[schema.Hash]int{}, holds: map[schema.Hash]int{}, lost: map[schema.Hash]error{},
		unreadable: map[schema.Hash]struct{}{},
	}
}

// view calls fn with the value of a row, saved or not, or returns kv.ErrNotFound. The value must not be changed, and not be
// used after fn has returned.
func (s *Store) view(ctx context.Context, key []byte, fn func(value []byte) error) error {
	// In this order: a row leaves unsaved only after kv has it.
	s.mu.Lock()
	r := s.unsaved[string(key)]
	s.mu.Unlock()
	if r != nil {
		return fn(r.value)
	}
	return s.kv.View(ctx, func(reader kv.Reader) error {
		value, err := reader.Get(key)
		if err != nil {
			return err
		}
		return fn(value)
	})
}

// load returns the decoded record of the given hash, from the cache or else from its row.
func load[T any](ctx context.Context, s *Store, h schema.Hash, what string, decode func([]byte) (*T, error)) (*T, error) {
	if v, ok := s.cache.get(h); ok {
		if t, ok := v.(*T); ok {
			return t, nil
		}
	}
	t, size, err := read(ctx, s, h, what, decode)
	if err != nil {
		return nil, err
	}
	s.cache.put(h, t, size)
	return t, nil
}

// read returns the decoded record of the given hash from its row, which it checks, and the row's size.
func read[T any](
	ctx context.Context, s *Store, h schema.Hash, what string, decode func([]byte) (*T, error),
) (t *T, size int, err error) {
	err = s.view(ctx, schema.WindowKey(h), func(value []byte) (err error) {
		if schema.Hash(blake3.Sum256(value)) != h {
			return corrupt(what, h, "the row has other bytes")
		}
		if t, err = decode(value); err != nil {
			return corrupt(what, h, "%v", err)
		}
		size = len(value)
		return nil
	})
	if errors.Is(err, kv.ErrNotFound) {
		err = corrupt(what, h, "there is no such row")
	}
	return t, size, err
}

func (s *Store) window(ctx context.Context, h schema.Hash) (*window, error) {
	return load(ctx, s, h, "window", decodeWindow)
}

func (s *Store) node(ctx context.Context, h schema.Hash) (*node, error) {
	return load(ctx, s, h, "node", decodeNode)
}
