// Package kv is the contract that the core needs from an ordered key-value store, and nothing more: it is the seam at
// which an embedded store (badgerkv) can later give way to a distributed one.
//
// # What every implementation promises
//
// Durable: when Commit or Put returns nil, its rows survive a crash of the machine.
//
// Atomic: the rows of one Commit become visible together, and after a crash all of them are there or none.
//
// Isolated: a View sees the rows of every Commit and Put that had returned when the View began, and none of a Commit
// that had not begun; what it sees does not change while it runs, and it never waits for a writer.
//
// Ordered: keys compare as bytes. A Scan yields each key once, in order.
//
// Commit and Put may be called concurrently with each other and with Views. Two writes of one key at the same time
// leave one of them; the core never does that with different values: one goroutine (the committer) writes the rows that
// change, and content-addressed rows have one value each.
//
// The suite in kvtest checks all of this on each implementation.
package kv

import (
	"context"
	"errors"
	"iter"
)

// ErrNotFound is returned by Reader.Get for a key that is not there.
var ErrNotFound = errors.New("kv: key not found")

// ErrClosed is returned by every operation on a store after Close.
var ErrClosed = errors.New("kv: store is closed")

// ErrNoSpace is returned, possibly wrapped, by Commit and Put when the disk has no room left for them. Nothing was
// written. Reads go on; writes succeed again when there is room.
var ErrNoSpace = errors.New("kv: no space left")

// ErrExhausted is returned, possibly wrapped, when the machine is short of something other than space, as of descriptors or
// memory. Nothing was written, by Commit at least; reads may fail with it as well. All succeed again when the shortage is over.
var ErrExhausted = errors.New("kv: resources of the machine are used up for now")

// ErrCorrupt is returned, possibly wrapped, when what is on disk is not what was written.
var ErrCorrupt = errors.New("kv: corrupt")

// Limits of every implementation. A larger key or value is refused with an error before anything is written.
const (
	// MaxKey is the largest key, in bytes.
	MaxKey = 8 << 10
	// MaxValue is the largest value, in bytes.
	MaxValue = 512 << 10
	// MaxCommit is the most that the keys and values of one Commit may sum to, in bytes. Put has no such limit: it
	// splits what it is given.
	MaxCommit = 3 << 20
)

// Row is a key with its value. The store keeps neither slice after the call that it was given to returns.
type Row struct {
	Key, Value []byte
}

// Size is what the row counts for against MaxCommit, in bytes.
func (r Row) Size() int { return len(r.Key) + len(r.Value) }

// Batch is a set of changes to be made by one Commit. A key appears at most once in it, in Puts or in Deletes.
type Batch struct {
	Puts    []Row
	Deletes [][]byte
}

// Store is an ordered key-value store. All methods may be called concurrently.
type Store interface {
	// View calls fn with a consistent, unchanging view of the store. The Reader, and every slice got from it, is
	// valid only until fn returns. It returns fn's error unchanged, ErrClosed, or ctx's error when ctx was done before fn
	// was called.
	View(ctx context.Context, fn func(Reader) error) error

	// Commit makes the changes of b, atomically and durably, and returns when they are on disk and visible. On an error
	// nothing has changed, except for an error of the disk itself, after which every later write fails too. ErrNoSpace and
	// ErrExhausted are none of these.
	Commit(ctx context.Context, b Batch) error

	// Put writes content-addressed rows: rows whose value is a function of their key, so that writing one again changes
	// nothing. It may write them in several steps; when it returns nil all are durable and visible, on an error any subset.
	Put(ctx context.Context, rows []Row) error

	// Close waits for running operations, then releases the store. It returns ErrClosed when called again.
	Close() error
}

// Reader reads a consistent view of a Store. It may be used by one goroutine at a time.
type Reader interface {
	// Get returns the value of key, or ErrNotFound. The slice is valid until the View ends and must not be changed.
	Get(key []byte) ([]byte, error)

	// Scan yields the rows whose key has the given prefix and is not before from, in ascending order of keys; in
	// descending order from the last that is not after from when reverse is true. A nil from means no bound. Row
	// slices are valid until the next iteration. An error ends the sequence, as its last pair.
	Scan(prefix, from []byte, reverse bool) iter.Seq2[Row, error]
}

// Roomer is a Store that knows how much room there is. Who collects rows in memory asks it before he takes more of them, so that
// what he has taken can be written later on.
type Roomer interface {
	// Room returns ErrNoSpace unless rows of n bytes more can be put, now or somewhat later.
	Room(n int64) error
}
