package pfs

import (
	"context"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// Usage is how many bytes something takes.
type Usage struct {
	// Files is the number of files, and Logical the sum of their sizes.
	Files   int64 `json:"files"`
	Logical int64 `json:"logical"`
	// Unique is the sum of the sizes of the distinct contents among them.
	Unique int64 `json:"unique"`
	// Physical is the size of the distinct chunks that they consist of, each stored once; what sharing and holes save is
	// Logical less Physical.
	Physical int64 `json:"physical"`
	// Alone is the part of Physical that nothing else in the store refers to: it would come back if the version, or the
	// history, were gone.
	Alone int64 `json:"alone"`
}

// Usage returns what the version that ref names takes. With history, it is what all the commits take in which that version
// ends, by first parents. It reads all trees of the store, though each distinct directory of a commit only where it
// differs from the commit before.
func (s *Store) Usage(ctx context.Context, ref Ref, history bool) (Usage, error) {
	const op = "pfs.Usage"
	snap, err := s.Snapshot(ctx, ref)
	if err != nil {
		return Usage{}, err
	}
	u := newTally(s)
	if err := u.addView(ctx, nil, snap.view); err != nil {
		return Usage{}, wrap(op, err, ref.String(), "")
	}
	mine := map[schema.ID]bool{snap.version.Commit: true}
	if history {
		err = u.addHistory(ctx, s, ref, mine)
	}
	if err == nil {
		err = s.keepOwn(ctx, snap.version, mine)
	}
	others := newTally(s)
	if err == nil {
		err = s.addOthers(ctx, others, snap, mine)
	}
	if err != nil {
		return Usage{}, wrap(op, err, ref.String(), "")
	}
	for chunk, size := range u.chunks {
		if _, shared := others.chunks[chunk]; !shared {
			u.sum.Alone += size
		}
	}
	return u.sum, nil
}

// tally sums up contents.
type tally struct {
	store    *Store
	sum      Usage
	contents map[schema.Hash]bool
	chunks   map[schema.Hash]int64
}

func newTally(s *Store) *tally {
	return &tally{store: s, contents: map[schema.Hash]bool{}, chunks: map[schema.Hash]int64{}}
}

// addView counts the files of a version that are not in another one, which may be nil, as they are. One with several names
// counts once.
func (u *tally) addView(ctx context.Context, before *view, v view) error {
	if before == nil {
		before = &view{root: tree.Entry{Sub: u.store.trees.Empty()}, linked: u.store.trees.Empty()}
	}
	if err := u.add(ctx, before.root.Sub, v.root.Sub); err != nil {
		return err
	}
	return u.add(ctx, before.linked, v.linked)
}

// add counts the files of a directory that are not in another one, which may be nil, as they are.
func (u *tally) add(ctx context.Context, before, dir *tree.Dir) error {
	if before == nil {
		before = u.store.trees.Empty()
	}
	for delta, err := range tree.Diff(ctx, before, dir) {
		if err != nil {
			return err
		}
		switch e := delta.New; {
		case e == nil:
		case e.IsDir():
			err = u.add(ctx, subOf(delta.Old), e.Sub)
		case e.Kind == EntryFile && (delta.Old == nil || delta.Old.Content != e.Content):
			err = u.file(ctx, e.Content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *tally) file(ctx context.Context, c Content) error {
	u.sum.Files++
	u.sum.Logical += c.Size
	if u.contents[c.Hash] {
		return nil
	}
	u.contents[c.Hash] = true
	u.sum.Unique += c.Size
	for e, err := range u.store.contents.Chunks(ctx, c) {
		if err != nil {
			return err
		}
		if _, ok := u.chunks[e.Hash]; !e.Hole && !ok {
			u.chunks[e.Hash] = e.Size
			u.sum.Physical += e.Size
		}
	}
	return nil
}

// addHistory counts what the commits before a version have that their successors do not, and notes the commits.
func (u *tally) addHistory(ctx context.Context, s *Store, ref Ref, seen map[schema.ID]bool) error {
	var later *commit
	for entry, err := range s.Log(ctx, ref, "") {
		if err != nil {
			return err
		}
		c, err := s.loadCommit(ctx, entry.Commit.ID)
		if err != nil {
			return err
		}
		seen[c.id] = true
		if later != nil {
			if err := u.addView(ctx, &later.view, c.view); err != nil {
				return err
			}
		}
		later = c
	}
	return nil
}

// keepOwn takes the commits out of own that are in the history of another branch than the version's, or of a tag.
func (s *Store) keepOwn(ctx context.Context, v Version, own map[schema.ID]bool) error {
	for _, ref := range s.otherRefs(v) {
		for entry, err := range s.Log(ctx, ref, "") {
			if err != nil {
				return err
			}
			delete(own, entry.Commit.ID)
		}
	}
	return nil
}

// otherRefs returns all branches and tags of a version's repo but the one that the version was named by.
func (s *Store) otherRefs(v Version) []Ref {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var refs []Ref
	if r := s.repos[v.Repo]; r != nil {
		for name := range r.branches {
			refs = append(refs, BranchRef(v.Repo, name))
		}
		for name := range r.tags {
			refs = append(refs, BranchRef(v.Repo, name))
		}
	}
	return slices.DeleteFunc(refs, func(ref Ref) bool { return ref.Name == v.Branch })
}

// addOthers counts what every commit has that is not in skip, and what is pending on other branches than the snapshot's.
func (s *Store) addOthers(ctx context.Context, u *tally, snap *Snapshot, skip map[schema.ID]bool) error {
	err := s.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(schema.CommitPrefix(), nil, false) {
			if err != nil {
				return err
			}
			var id schema.ID
			copy(id[:], row.Key[1:])
			if skip[id] {
				continue
			}
			if err := s.addCommit(ctx, u, id, skip); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	branches, err := s.Branches(ctx, "")
	for _, b := range branches {
		if !b.Pending || b.Repo == snap.version.Repo && b.Name == snap.version.Branch {
			continue
		}
		other, err := s.Snapshot(ctx, BranchRef(b.Repo, b.Name))
		if err != nil {
			continue // deleted just now
		}
		if err := u.addView(ctx, nil, other.view); err != nil {
			return err
		}
	}
	return err
}

// addCommit counts what a commit has that its parent, if that is counted too, has not.
func (s *Store) addCommit(ctx context.Context, u *tally, id schema.ID, skip map[schema.ID]bool) error {
	c, err := s.loadCommit(ctx, id)
	if err != nil || c == nil {
		return err
	}
	var before *view
	if len(c.rec.Parents) > 0 && !skip[c.rec.Parents[0]] {
		parent, err := s.loadCommit(ctx, c.rec.Parents[0])
		if err != nil {
			return err
		}
		if parent != nil {
			before = &parent.view
		}
	}
	return u.addView(ctx, before, c.view)
}
