package pfs

import "pfsd/pfs/internal/schema"

// The nouns that the core shares with its callers. They are plain values.
type (
	// Hash is a BLAKE3-256 digest.
	Hash = schema.Hash
	// CommitID names a commit.
	CommitID = schema.ID
	// UploadID names an upload.
	UploadID = schema.ID
	// LinkID is what the names of a file that has several names have in common.
	LinkID = schema.ID
	// Content is the bytes of a file, as an opaque comparable value: its Size, and its ETag, may be used.
	Content = schema.Content
	// Entry is a name in a directory with all that is known of it. In an Entry got from a Snapshot or Tx, Changed is when the
	// path last changed, moves of the directories above it included, and Number tells it from all other entries of the
	// version: it stays when the entry is changed or moved, and what is made, put, copied or brought in by a merge gets
	// a new one. A file that has several names, or once had, is one of
	// these like any other, but for Link, which is the same under each of its names, and NLink, how many those are; EntryLink
	// is never seen.
	Entry = schema.Entry
	// EntryKind is the kind of an Entry.
	EntryKind = schema.Kind
	// Meta is what users attach to an entry.
	Meta = schema.Meta
	// Totals sum up what is below a directory.
	Totals = schema.Totals
	// Change names the commit that made a change.
	Change = schema.Change
)

// The kinds of entry.
const (
	EntryFile        = schema.KindFile
	EntryDir         = schema.KindDir
	EntrySymlink     = schema.KindSymlink
	EntryFifo        = schema.KindFifo
	EntrySocket      = schema.KindSocket
	EntryCharDevice  = schema.KindCharDevice
	EntryBlockDevice = schema.KindBlockDevice
	EntryLink        = schema.KindLink
)

// ParseCommitID returns the id that 32 hex digits stand for.
func ParseCommitID(s string) (CommitID, error) { return schema.ParseID(s) }
