package pfs

import (
	"context"
	"io"
	"log/slog"
	"time"

	"pfsd/pfs/internal/schema"
)

// Options are what a Store is given of the world outside.
type Options struct {
	// Now is the clock. Required.
	Now func() time.Time
	// Wait returns after a while, or with the error of ctx when that is done before; nil for one that uses a timer. What runs in
	// the background at a low rate waits by it.
	Wait func(ctx context.Context, d time.Duration) error
	// Rand is where ids come from; it must be safe for concurrent use, as crypto/rand.Reader is. Required.
	Rand io.Reader
	// Existing has Open fail with KindInvalid where no store is, rather than make one.
	Existing bool
	// Memory is about how many bytes the store's caches and buffers may take; 0 means 256 MiB.
	Memory int64
	// OpenPacks is how many files of packs stay open though nobody reads them, AppendingPacks how many for whoever writes next; 0 means
	// 256 and 32.
	OpenPacks, AppendingPacks int
	// Log gets what an operator should know; nil means nowhere.
	Log *slog.Logger
	// VerifyRows has Open read all tables of the key-value store, and fail with KindCorrupt when a part of one cannot be read. Else
	// it does so only with those in which the names of repos, branches and tags may be, which would seem to be missing.
	VerifyRows bool
	// CutAfter is how long an applied change may wait to be cut into a commit; 0 means one second.
	CutAfter time.Duration
	// Grace is how long what was deleted can be restored, before the collection of garbage removes it; 0 means three days.
	Grace time.Duration
	// ScrubPeriod is in what time everything that is stored is read again, in the background, to find damage; 0 means thirty days,
	// and a negative one that it is not done.
	ScrubPeriod time.Duration
	// SettleTimeout is how long an Update waits for the watchers of its branch; 0 means five seconds.
	SettleTimeout time.Duration
}

// Origin is the door through which a commit was made.
type Origin uint8

// The origins.
const (
	OriginCLI Origin = 1 + iota
	OriginS3
	OriginMount
)

// String returns the origin in one lower-case word.
func (o Origin) String() string {
	names := [...]string{"none", "cli", "s3", "mount"}
	if int(o) < len(names) {
		return names[o]
	}
	return "unknown"
}

// By says who makes a change, and for what reason.
type By struct {
	Origin Origin
	// Author is a user's name, or those of several as JoinAuthors has them; may be empty.
	Author string
	// Message is the commit's message; may be empty.
	Message string
	// Watcher is the watcher of the one who makes the change, or nil: it is not told of it.
	Watcher *Watcher
	// CutAfter is how long a change by Apply may wait to be cut, if that is longer than Options.CutAfter, after which it is
	// made durable in any case; 0 for that. What is pending together is cut when the first of it has to be.
	CutAfter time.Duration
}

// Owner is who owns the root of a new branch.
type Owner struct {
	UID, GID uint32
}

// readable returns prefixes of the rows that must be readable for a store to open.
func (o Options) readable() [][]byte {
	if o.VerifyRows {
		return [][]byte{{}}
	}
	return schema.NameRows()
}
