// Package badgerkv is the kv.Store on disk. It is the only importer of Badger, and nothing of Badger shows above it.
//
// # How Badger is used
//
// In managed mode: this package gives out the timestamps. A write takes the next one; it becomes visible, and returns, once
// it and all before it are on disk. A View reads at the last visible timestamp, so that it never waits for a write, as a
// transaction of Badger's own would. Versions that no View can see any more are dropped by compaction.
//
// With SyncWrites: each transaction is on disk, in the write-ahead log, before it returns. Badger does not sync the
// directory when it begins a new log, so this package does.
//
// Without the value log: no value is large enough for it. Bulk data belongs into packs.
//
// Badger writes its logs and tables through memory maps, where a full disk is not an error but a signal that ends the
// process. So free space is looked at before each transaction; see Options.FreeMark.
//
// A write that fails for any other reason than space leaves it unknown what is on disk. From then on every write fails
// with the same error, what had been visible stays visible, and the next Open finds each such write whole or not at all.
//
// When Badger cannot make a memtable, as for want of descriptors, that write was not made, and that is known. But Badger is of no
// use from then on. So it is closed and opened again, as soon as that works; see breakOff. Operations fail with kv.ErrExhausted
// meanwhile. Badger is called under a guard by one type alone, engine, which knows this state.
package badgerkv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"

	"pfsd/pfs/internal/held"
	"pfsd/pfs/internal/kv"
)

// Defaults of Options.
const (
	DefaultMemory   = 256 << 20
	DefaultFreeMark = 64 << 20
	DefaultReserve  = 32 << 20
)

const (
	memtableSize = 32 << 20
	// valueThreshold is the size from which on values go to the value log: the largest that Badger knows, above kv.MaxValue.
	valueThreshold = 1 << 20
	// valueLogSize is the smallest that Badger takes. The value log stays empty, yet twice this size of it is mapped.
	valueLogSize = 1 << 20
)

// Options of a Store. The zero value of each field stands for its default.
type Options struct {
	// Memory is about how much memory the process may use for everything, in bytes; the store takes a quarter of it for blocks
	// and an eighth for the indexes of its tables, besides its write buffers.
	Memory int64
	// FreeMark is how much room is left on the disk, in bytes, beyond what Badger may need to finish what it has begun. With less,
	// and two memtables, Room fails with kv.ErrNoSpace; Put does with less than three quarters of it, Commit with less than half,
	// so that what was taken can be put, and what makes room by deleting can still be committed.
	FreeMark int64
	// Reserve is the size of a file that only takes up room. It is given up when the disk is full, so that Badger can
	// finish what it has begun, or open at all, and taken again when there is room.
	Reserve int64
	// Readable are prefixes of keys. Open fails with kv.ErrCorrupt when a row that begins with one of them may be in a part of a
	// file that cannot be read: Badger takes such a row for one that is not there. The empty prefix stands for all rows, and
	// has everything read.
	Readable [][]byte
	// Note is the path of the file in which the store notes, outside of Badger, that it has rows, and which; empty for none. It
	// must not be in the store's directory. Where it is, an opened store is never one that has lost rows as a whole: Open
	// fails with kv.ErrCorrupt, and touches nothing.
	Note string
	// ID is the id of a store that has none, when there is a Note.
	ID ID
	// HasRows says that the store has had rows, whether or not there is a note.
	HasRows bool
	// Aside is a directory for files that Badger would remove or cut off; empty for one beside the store's, with ".aside" behind
	// its name. It is made when there are such files.
	Aside string
	// Still is asked before each transaction whether what surrounds the store's directory is what it was; its error is the
	// write's, which is not made. nil: nobody is asked. That the directory itself is still there is looked at in any case.
	Still func() error
	// Show turns the paths of Note and Aside, in a text, into those that people know; nil where they are that.
	Show func(string) string
	// Logger gets what Badger has to say, at debug level, and what an operator should know. nil: nobody does.
	Logger *slog.Logger
}

// Store is a kv.Store in a directory. All methods may be called concurrently.
type Store struct {
	space *space
	wal   *walDir
	// opening is how Badger is opened, and opened again.
	opening opening
	log     *slog.Logger
	show    func(string) string
	// notePath is empty when no note is kept. wrote is set once something was written that the note does not tell of.
	notePath string
	id       ID
	wrote    atomic.Bool
	// flushes says when Badger waits for a disk that takes no tables.
	flushes flushes

	// pushing is held while a transaction gets its timestamp and is written, so that of one that fails it is known whether Badger
	// has begun it. clock.mu and mu are taken under it.
	pushing sync.Mutex
	// commits waits for what hands transactions to Badger.
	commits sync.WaitGroup

	// engine and clock are replaced, under mu, while no operation is under way: who has called begin may use them until end. engine
	// is nil when there is none.
	engine *engine
	clock  *clock

	// mu guards closed and running, the number of operations under way; idle is signalled when that falls to zero. It is held
	// while Badger is opened again.
	mu      sync.Mutex
	closed  bool
	running int
	idle    *sync.Cond
	// closing is closed with the store.
	closing chan struct{}
	// broken is why there is no Badger that can be used, nil when there is one; mended is closed when that ends, or will not.
	broken error
	mended chan struct{}
}

var (
	_ kv.Store  = (*Store)(nil)
	_ kv.Roomer = (*Store)(nil)
)

// Open opens the store in dir, which it makes if need be. It reads what the last run has left in the write-ahead log; ctx is
// looked at before. One process at a time can have a directory open; that is for the caller to ensure, Badger's own lock
// only makes a second Open fail. The directory is held open: whatever its name leads to later on, nothing is written there.
func Open(ctx context.Context, dir string, opts Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	opts.Memory = cmp.Or(opts.Memory, DefaultMemory)
	opts.FreeMark = cmp.Or(opts.FreeMark, DefaultFreeMark)
	opts.Reserve = cmp.Or(opts.Reserve, DefaultReserve)
	opts.Aside = cmp.Or(opts.Aside, dir+".aside")
	was, err := readNote(opts.Note)
	if err != nil {
		return nil, fmt.Errorf("badgerkv: open: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	wal, err := openWal(dir)
	if err != nil {
		return nil, fmt.Errorf("badgerkv: open: %w", shortage(err))
	}
	s, err := openIn(wal, was, opts)
	if err != nil {
		err = held.Named(errors.Join(fmt.Errorf("badgerkv: open %s: %w", dir, err), wal.close()), showing(wal.held, opts.Show))
		return nil, err
	}
	return s, nil
}

// openIn is Open in a directory that is open. The caller closes that when it fails.
func openIn(wal *walDir, was *note, opts Options) (_ *Store, err error) {
	space := newSpace(wal.dir, stillIn(wal.held, opts.Still), opts.FreeMark, opts.Reserve)
	if err := space.makeRoom(); err != nil {
		return nil, shortage(err)
	}
	log := cmp.Or(opts.Logger, slog.New(slog.DiscardHandler))
	s := &Store{
		space: space, wal: wal, closing: make(chan struct{}), notePath: opts.Note, log: log, show: showing(wal.held, opts.Show),
	}
	s.opening = opening{
		options: badgerOptions(wal.dir, opts, logger{opts.Logger, &s.flushes, s.show}), readable: opts.Readable, aside: opts.Aside, note: was,
		hasRows: was != nil || opts.HasRows, log: log, show: s.show,
	}
	if s.engine, s.clock, err = openAt(s.opening, 0); err != nil {
		return nil, err
	}
	s.idle = sync.NewCond(&s.mu)
	space.background = s.background
	err = s.wal.sync()
	if err == nil {
		err = s.identify(opts.ID)
	}
	if err != nil {
		return nil, errors.Join(err, s.engine.close())
	}
	return s, nil
}

// openAt opens Badger, and returns it with a clock that goes on from there, or from the timestamp seen if that is later.
func openAt(g opening, seen uint64) (*engine, *clock, error) {
	e, err := openEngine(g)
	if err != nil {
		return nil, nil, err
	}
	newest, err := e.newest()
	if err != nil {
		return nil, nil, errors.Join(err, e.close())
	}
	return e, newClock(max(newest, seen), e.discard), nil
}

// openDB opens Badger, which answers some damage with a panic, after a look at its files.
func openDB(g opening) (db *badger.DB, err error) {
	defer inOneLine(&err)
	defer func() { err = shortage(err) }()
	defer recovered(&err, debug.SetPanicOnFault(true))
	if err := checkDescriptors(g.options.Dir); err != nil {
		return nil, err
	}
	if err := checkUnlocked(g.options.Dir); err != nil {
		return nil, err
	}
	if err := checkKeys(g.options); err != nil {
		return nil, err
	}
	aside := &aside{path: g.aside}
	if err := (&look{opening: g, aside: aside}).check(); err != nil {
		return nil, err
	}
	if db, err = badger.OpenManaged(g.options); err != nil {
		return nil, damagedUnlessSystem(err)
	}
	if err := aside.prune(); err != nil {
		g.log.Warn("files that crashes have left are not removed", "in", g.show(g.aside), "err", held.Named(err, g.show))
	}
	return db, nil
}

func badgerOptions(dir string, opts Options, l logger) badger.Options {
	return badger.DefaultOptions(dir).
		WithSyncWrites(true).
		WithDetectConflicts(false).
		WithNumVersionsToKeep(1).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithCompression(options.None).
		WithMemTableSize(memtableSize).
		WithNumMemtables(2).
		WithNumCompactors(2).
		WithBlockCacheSize(opts.Memory / 4).
		WithIndexCacheSize(opts.Memory / 8).
		WithValueThreshold(valueThreshold).
		WithValueLogFileSize(valueLogSize).
		WithMetricsEnabled(false).
		WithLogger(l)
}

// begin admits an operation, unless the store is closed, or broken, or ctx done; then end must follow.
func (s *Store) begin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.broken != nil {
		return s.broken
	}
	s.running++
	return nil
}

func (s *Store) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 {
		s.idle.Broadcast()
	}
}

// Close implements kv.Store. When the disk takes no more tables it fails after some seconds: Badger gives up its last table, and all
// that was written is in the logs. It is there when the store is opened again, which may take another process.
func (s *Store) Close() (err error) {
	defer s.named(&err)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return kv.ErrClosed
	}
	s.closed = true
	close(s.closing)
	mended := s.mended
	s.mu.Unlock()
	closed := make(chan struct{})
	s.awaitIdle()
	s.flushes.limit(flushTries)
	version := s.markClose()
	var ended error
	go func() {
		defer close(closed)
		if mended != nil {
			<-mended
		}
		if s.engine != nil {
			ended = s.engine.close()
		}
		s.commits.Wait()
	}()
	// A Badger that has not ended goes on to use the directory, which stays open.
	if stuck := s.flushes.await(closed, closeGrace); stuck != nil {
		return s.unable(fmt.Errorf("badgerkv: close: %w", stuck))
	}
	if left := s.flushes.left(); left != nil {
		ended = errors.Join(ended, s.unable(left))
	}
	if ended == nil {
		s.noteClose(version)
	}
	if err := errors.Join(ended, s.wal.close()); err != nil {
		return shortage(fmt.Errorf("badgerkv: close: %w", err))
	}
	return nil
}

// Verify reads all tables and compares them with their checksums. Badger does that for each block that it reads too, but
// then goes on as if the block were empty: rows in it are reported as missing. Only Verify tells the two apart. The error is
// kv.ErrCorrupt, and names the table, ctx's, or one of the system.
func (s *Store) Verify(ctx context.Context) (err error) {
	defer s.named(&err)
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	tables, err := s.engine.tables()
	if err != nil {
		return fmt.Errorf("badgerkv: verify: %w", err)
	}
	for _, t := range tables {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := table.NewFilename(t.ID, s.wal.dir)
		if err := checkRows(name, [][]byte{{}}); err != nil && s.isThere(t.ID) {
			return fmt.Errorf("badgerkv: verify: table %s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

// isThere reports whether a table was not merged into others, which are new. Badger cuts the file off before it removes it, and
// forgets the table before that.
func (s *Store) isThere(id uint64) bool {
	tables, err := s.engine.tables()
	return err != nil || slices.ContainsFunc(tables, func(t badger.TableInfo) bool { return t.ID == id })
}
