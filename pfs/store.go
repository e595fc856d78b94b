package pfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

const (
	defaultMemory  = 256 << 20
	defaultCut     = time.Second
	defaultSettle  = 5 * time.Second
	commitsInCache = 4096
)

// Store is an open store. All methods may be called concurrently.
type Store struct {
	opts   Options
	log    *slog.Logger
	kv     kv.Store
	packs  *pack.Store
	format *storeFormat
	// home is nil where the store is not in a directory.
	home      *home
	contents  *cas.Store
	trees     *tree.Store
	commits   *lru.Cache[schema.ID, *commit]
	watchers  watchers
	committer *committer

	// mu guards repos and the maps of each repo. The committer alone changes them; nothing else is locked while it is held.
	mu    sync.RWMutex
	repos map[string]*repo
	// damaged are the repos that cannot be used, and why. It is not changed once the store is open.
	damaged map[string]error

	// What follows belongs to the committer's goroutine. pending are the branches with changes that are in no commit,
	// notBefore is when they may be cut at the earliest.
	counters  schema.StoreRecord
	pending   map[*branch]struct{}
	notBefore int64
	// lastUpload is the time in the id of the last upload; of the committer's goroutine.
	lastUpload int64
	// names grows whenever a commit is given a name by which it may be found, other than as a head.
	names uint64

	// guard is what the collection of garbage and those who use rows agree by, holds what is still read, and doomed the
	// commits that the last collection has removed. upkeep is held by what goes over the whole store.
	guard  *live.Guard
	holds  holds
	doomed atomic.Pointer[map[schema.ID]struct{}]
	upkeep upkeep
	// caughtUp says what became, when the store was opened, of names of which records were lost in a salvage. It is not changed then.
	caughtUp []string
	// scrubbed is how far the scrub has come; nil before it has begun.
	scrubbed atomic.Pointer[ScrubStatus]

	// thinning is held while commits are thinned out, and thinned counts how often any were. stop ends what runs in the background, which background waits for.
	thinning   sync.Mutex
	thinned    atomic.Uint64
	stop       context.CancelFunc
	background sync.WaitGroup
}

// Open opens the store in dir, and makes it when nothing of a store is in dir, unless opts.Existing is set. Only one process may
// have a store open. It must be closed. The error is of KindCorrupt, KindNoSpace, KindInvalid (no store, or a format from
// another time) or KindInternal.
func Open(ctx context.Context, dir string, opts Options) (*Store, error) {
	const op = "pfs.Open"
	opts = opts.withDefaults()
	format, err := checkFormat(dir, opts.Existing)
	if err != nil {
		return nil, err
	}
	if err := finishSalvage(dir); err != nil {
		return nil, wrap(op, err, dir, "")
	}
	home, err := openHome(dir)
	if err != nil {
		return nil, wrap(op, err, dir, "")
	}
	format.home = home
	s, err := openIn(ctx, home, format, opts)
	if err != nil {
		return nil, wrap(op, errors.Join(home.named(err), home.close()), dir, "")
	}
	return s, nil
}

// openIn opens the store in a home, which it owns when it does not fail.
func openIn(ctx context.Context, home *home, format *storeFormat, opts Options) (*Store, error) {
	rows, err := openRows(ctx, home, opts)
	if err != nil {
		return nil, err
	}
	packs, err := openPacks(ctx, home, rows, opts)
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	if err := home.still(); err != nil {
		return nil, errors.Join(err, rows.Close(), packs.Close())
	}
	s, err := openOn(ctx, rows, packs, format, opts)
	if err != nil {
		return nil, err
	}
	s.home = home
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.CutAfter == 0 {
		o.CutAfter = defaultCut
	}
	if o.SettleTimeout == 0 {
		o.SettleTimeout = defaultSettle
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.ScrubPeriod == 0 {
		o.ScrubPeriod = DefaultScrubPeriod
	}
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// OpenOn opens the store that rows and packs hold, and owns both from then on: it closes them when it fails, too. It is
// for the tests of this module, which alone can name the types.
func OpenOn(ctx context.Context, rows kv.Store, packs *pack.Store, opts Options) (*Store, error) {
	return openOn(ctx, rows, packs, &storeFormat{has: allNeeds}, opts)
}

func openOn(ctx context.Context, rows kv.Store, packs *pack.Store, format *storeFormat, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	commits, err := lru.New[schema.ID, *commit](commitsInCache)
	if err != nil {
		return nil, wrap("pfs.Open", err, "", "")
	}
	s := &Store{
		opts: opts, log: opts.Log, kv: rows, packs: packs, format: format, commits: commits,
		guard: &live.Guard{}, upkeep: make(upkeep, 1),
		watchers: watchers{of: map[branchKey][]*Watcher{}},
		repos:    map[string]*repo{},
		damaged:  map[string]error{},
		pending:  map[*branch]struct{}{},
	}
	s.holds = holds{guard: s.guard, all: map[*hold]runtime.Cleanup{}}
	s.contents = cas.New(rows, packs, cas.Options{CacheBytes: opts.Memory / 16, Guard: s.guard})
	s.trees = tree.New(tree.FromKV(rows, s.guard), opts.Memory/8)
	var late []lateBranch
	err = s.load(ctx)
	if err == nil {
		late, err = s.findLate(ctx)
	}
	if err == nil {
		err = s.numberPacks(ctx)
	}
	if err != nil {
		return nil, wrap("pfs.Open", errors.Join(err, rows.Close(), packs.Close()), "", "")
	}
	s.committer = newCommitter(s)
	running, stop := context.WithCancel(context.Background())
	s.stop = stop
	if err = s.catchUp(ctx, late); err != nil {
		return nil, wrap("pfs.Open", errors.Join(err, s.Close()), "", "")
	}
	s.background.Go(func() { s.thinAll(running) })
	s.background.Go(func() { s.collectAll(running) })
	s.background.Go(func() { s.scrubAll(running) })
	return s, nil
}

// Close makes commits of what is pending, ends all watchers and closes the store, when running operations have ended.
// Later operations fail with KindClosed.
func (s *Store) Close() error {
	const op = "pfs.Close"
	s.stop()
	s.background.Wait()
	err := s.committer.close()
	if KindOf(err) == KindClosed {
		return err
	}
	s.watchers.close()
	s.holds.close()
	err = errors.Join(err, s.kv.Close(), s.packs.Close())
	if s.home != nil {
		err = errors.Join(err, s.home.close())
	}
	return wrap(op, err, "", "")
}

// newID returns a random id.
func (s *Store) newID() (schema.ID, error) {
	var id schema.ID
	if _, err := io.ReadFull(s.opts.Rand, id[:]); err != nil {
		return id, fmt.Errorf("pfs: no randomness: %w", err)
	}
	return id, nil
}

// due returns the branches whose pending changes are old enough to be cut, or saved; or seem to be younger than now, as they
// do when the clock was set back.
func (s *Store) due() []*branch {
	var some []*branch
	now := s.opts.Now().UnixNano()
	for b := range s.pending {
		if st := b.state.Load(); now >= s.dueAt(b, st) || now < st.pending.since {
			some = append(some, b)
		}
	}
	return some
}

// dueAt is when what is pending on a branch, which shows st, is to be cut or saved.
func (s *Store) dueAt(b *branch, st *state) int64 {
	save := st.pending.since + int64(s.opts.CutAfter)
	switch {
	case b.open != nil:
		return save
	case st.unsaved:
		return min(save, st.pending.cutAt)
	}
	return st.pending.cutAt
}

// mayWait reports whether it is enough to save what is pending on a branch that is due, since it need not be cut yet.
func (s *Store) mayWait(b *branch) bool {
	p, now := b.state.Load().pending, s.opts.Now().UnixNano()
	return p != nil && now < p.cutAt && now >= p.since
}

// nextCut returns how long it is until a branch is due; any is false when none will be.
func (s *Store) nextCut() (wait time.Duration, any bool) {
	if len(s.pending) == 0 {
		return 0, false
	}
	now := s.opts.Now().UnixNano()
	for b := range s.pending {
		w := time.Duration(max(s.dueAt(b, b.state.Load()), s.notBefore) - now)
		if !any || w < wait {
			wait, any = w, true
		}
	}
	return min(max(wait, 0), s.opts.CutAfter), any
}

// notePending keeps account of the branches that will have to be cut.
func (s *Store) notePending(b *branch, deleted bool) {
	st := b.state.Load()
	if st.pending != nil && (b.open == nil || st.unsaved) && !deleted {
		s.pending[b] = struct{}{}
	} else {
		delete(s.pending, b)
	}
}

// postponeCuts keeps a commit that failed from being tried again at once.
func (s *Store) postponeCuts() { s.notBefore = s.opts.Now().Add(s.opts.CutAfter).UnixNano() }
