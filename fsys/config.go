package fsys

import (
	"errors"
	"log/slog"
	"time"

	"pfsd/pfs"
)

// Config says what a Server shows, and how.
type Config struct {
	// Ref is the version that is shown. A live branch can be written to; everything else is read-only.
	Ref pfs.Ref
	// All shows every branch of every repo, as REPO/BRANCH, in place of Ref.
	All bool
	// Owner owns the directories that are no part of a version.
	Owner pfs.Owner
	// Override changes what is shown of owners and modes.
	Override Override
	// NoAtime keeps times of access from being updated.
	NoAtime bool
	// Sync makes every change durable before it is answered.
	Sync bool
	// CommitAfter is how long changes may wait to be cut into a commit, if that is longer than the store's own time.
	CommitAfter time.Duration
	// Author is the author of the commits that the mount's changes end in; empty for the users whose processes make these.
	Author string
	// NameOf returns the name of a user; nil when nobody knows. It may be called concurrently.
	NameOf func(uid uint32) string
	// Now is the clock. Required.
	Now func() time.Time
	// ScratchDir is a directory for what has been written and not been stored yet; statfs(2) answers for its disk. It is
	// used through files without a name, so that nothing is left in it. Required.
	ScratchDir string
	// Scratch is shared by the servers of one store, so that all of them together use few files in ScratchDir; nil is one of its own.
	Scratch *Scratch
	// Dir is where the mount is, if this process can unmount it: Close does it then.
	Dir string
	// Names is shared by the servers of one store, so that O_EXCL holds across them; nil is a set of its own.
	Names *Names
	// Log gets what an operator should know; nil means nowhere.
	Log *slog.Logger
	// LinkEvery is how often files are looked for whose written bytes no close(2) has linked; 0 means one second.
	LinkEvery time.Duration
	// Debug logs every request.
	Debug bool
}

// complete returns c with defaults for what is not set.
func (c Config) complete() (Config, error) {
	if c.Now == nil || c.ScratchDir == "" {
		return c, errors.New("fsys: Config.Now and Config.ScratchDir are required")
	}
	if c.Names == nil {
		c.Names = NewNames()
	}
	if c.Scratch == nil {
		c.Scratch = NewScratch(c.ScratchDir, scratchFiles)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.LinkEvery <= 0 {
		c.LinkEvery = time.Second
	}
	return c, nil
}
