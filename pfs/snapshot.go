package pfs

import (
	"context"
	"io/fs"
	"iter"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// Snapshot is an unchanging view of the files of one version. It needs no release, and its methods may be called
// concurrently.
type Snapshot struct {
	store    *Store
	version  Version
	view     view
	identity uint64
	// live is what the branch showed, if that was not a commit alone; else nil.
	live *state
}

// Version says what the snapshot shows.
func (s *Snapshot) Version() Version { return s.version }

// Stat returns the entry at path; the empty path is the root, a directory without a name. The error is of
// KindFileNotFound when there is none, KindInvalid or KindNameTooLong when there can be none.
func (s *Snapshot) Stat(ctx context.Context, path string) (Entry, error) {
	return s.view.stat(ctx, path)
}

// List yields the entries of the directory at dir in the order of their sort keys, a directory's being its name with a
// slash behind it, from the first that is not before from. An error ends the sequence: of KindFileNotFound, or of
// KindNotDir when dir is something else.
func (s *Snapshot) List(ctx context.Context, dir, from string) iter.Seq2[Entry, error] {
	return s.view.list(ctx, dir, from)
}

// Walk yields the entries below the root at any depth in the order of the bytes of their paths, a directory's ending in
// a slash, from the first that is not before from, as long as the paths begin with prefix. Reaching the first takes time
// that is logarithmic in the number of entries. An error ends the sequence.
func (s *Snapshot) Walk(ctx context.Context, prefix, from string) iter.Seq2[Item, error] {
	return s.view.walk(ctx, prefix, from)
}

// Open returns a reader of the file at path. The error is of KindFileNotFound, or of KindIsDir and KindInvalid when what is
// there has no content.
func (s *Snapshot) Open(ctx context.Context, path string) (*File, error) {
	entry, err := s.Stat(ctx, path)
	if err != nil {
		return nil, err
	}
	switch entry.Kind {
	case EntryFile:
		return s.store.OpenContent(entry.Content), nil
	case EntryDir:
		return nil, &Error{Op: "pfs.Open", Kind: KindIsDir, Path: path}
	default:
		return nil, &Error{Op: "pfs.Open", Kind: KindInvalid, Path: path}
	}
}

// FileMode returns the mode of e as package io/fs has it.
func FileMode(e *Entry) fs.FileMode {
	mode := fs.FileMode(e.Mode & 0o777)
	for bit, flag := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if e.Mode&bit != 0 {
			mode |= flag
		}
	}
	switch e.Kind {
	case EntryDir:
		mode |= fs.ModeDir
	case EntrySymlink:
		mode |= fs.ModeSymlink
	case EntryFifo:
		mode |= fs.ModeNamedPipe
	case EntrySocket:
		mode |= fs.ModeSocket
	case EntryCharDevice:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case EntryBlockDevice:
		mode |= fs.ModeDevice
	}
	return mode
}

// Snapshot returns the version that ref names: of a branch, what it shows now, with the changes that are in no commit
// yet. The error is of KindRepoNotFound, KindBranchNotFound or KindCommitNotFound.
func (s *Store) Snapshot(ctx context.Context, ref Ref) (*Snapshot, error) {
	const op = "pfs.Snapshot"
	if b := s.workspaceOf(ref); b != nil {
		return s.liveSnapshot(b), nil
	}
	if ref.IsBranch() {
		b, err := s.branch(op, ref)
		if err == nil {
			return s.liveSnapshot(b), nil
		}
		if KindOf(err) != KindBranchNotFound {
			return nil, err
		}
	}
	c, err := s.resolve(ctx, op, ref)
	if err != nil {
		return nil, err
	}
	return &Snapshot{store: s, view: c.view, identity: identityOf(c.id), version: Version{
		Repo: ref.Repo, Branch: ref.Name, Commit: c.id, Time: timeOf(c.rec.Time),
	}}, nil
}

// liveSnapshot returns what a branch shows now.
func (s *Store) liveSnapshot(b *branch) *Snapshot {
	state := b.state.Load()
	version := Version{
		Repo: b.repo.name, Branch: b.name, Commit: state.head.id, Time: timeOf(state.changed), Live: true,
	}
	if b.open != nil {
		version.Branch = b.open.branch
	}
	snap := &Snapshot{store: s, view: state.view, identity: b.identity()}
	if state.pending != nil {
		version.Pending, snap.live = state.pending.change.Commit, state
	}
	snap.version = version
	return snap
}

// storedView returns the files below a stored root, with a stored link tree, of which it reads a node.
func (s *Store) storedView(ctx context.Context, root Entry, links schema.Hash) (view, error) {
	linked, err := s.trees.LoadTop(ctx, links)
	if err != nil {
		return view{}, wrap("pfs.loadTree", err, "", "")
	}
	return s.keep(view{root: tree.Entry{Entry: root, Sub: s.trees.Load(root.Root, root.Totals)}, linked: linked}), nil
}
