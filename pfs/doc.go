// Package pfs is a versioned, content-addressed file store: repos hold branches, a branch is a mutable name for a
// directory tree, and every change of the tree ends in a commit that stays readable.
//
// # Writing
//
// A write has two steps. Ingest streams bytes into the store and touches no name; it takes any size in constant memory.
// Update and Apply then link what was ingested at a path, in a function that gets a Tx and does no I/O of its own. Update
// returns when data and commit are on disk. Apply returns when the change is visible; it is cut into a commit, and made
// durable, within a second, or by Sync or Cut before that. All changes of all branches go through one committer in one
// order. A crash between the two steps leaves bytes that nothing names, never damage.
//
// An open commit is a workspace: it is read and changed like a branch, under the commit's id, and shows on its branch only
// when it is finished, all at once.
//
// # Reading
//
// A Snapshot is an unchanging view of one version: of a branch as it is now, of a commit, or of a tag. Taking one costs
// next to nothing and it needs no release.
//
// # Errors
//
// Every error of this package is an *Error with one Kind of a closed set, save io.EOF at the end of what is read, and
// those of a caller's own function, reader or writer, which come back unchanged. Ask KindOf; never read a message.
//
// # Concurrency
//
// All methods of Store, Snapshot and File may be called concurrently. A Tx belongs to the function that it was given to.
package pfs
