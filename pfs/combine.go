package pfs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// Resolve says what becomes of a path that both sides have changed.
type Resolve uint8

// The ways to resolve conflicts.
const (
	// ResolveNone reports them, and changes nothing.
	ResolveNone Resolve = iota
	// ResolveOurs keeps what the branch has.
	ResolveOurs
	// ResolveTheirs takes what is being brought in.
	ResolveTheirs
)

// ConflictError lists the paths that both sides have changed, in order. It is the cause of an Error of KindConflict.
type ConflictError struct {
	Paths []string
}

// Error names the paths, at most ten of them.
func (e *ConflictError) Error() string {
	const most = 10
	if len(e.Paths) <= most {
		return "changed on both sides: " + strings.Join(e.Paths, ", ")
	}
	return fmt.Sprintf("changed on both sides: %s and %d more", strings.Join(e.Paths[:most], ", "), len(e.Paths)-most)
}

// combiner brings what changed from one tree to another into a third. What it takes over bears the change that it is made
// by, so that in the history of the branch that commit is the one that changed it.
type combiner struct {
	ctx                context.Context
	store              *Store
	trees              *tree.Store
	resolve            Resolve
	change             schema.Change
	base, ours, theirs view
	conflicts          []string
	changed            []PathChange
	// times is set when a directory in which something is changed gets the times that theirs has.
	times bool
	// names is how many more names, or fewer, files that have several get.
	names map[schema.ID]int
	// imagined is set when the result is to be a merge base alone: then what is in conflict is like nothing that there can be.
	imagined bool
	// needs are the features of the format that the result needs.
	needs needs
	// edited are the files with several names that are not the same in base and ours; nil before that is known.
	edited map[schema.ID]bool
}

// newCombiner returns one that brings what changed from base to theirs into ours.
func newCombiner(
	ctx context.Context, s *Store, resolve Resolve, change schema.Change, base, ours, theirs view,
) *combiner {
	return &combiner{
		ctx: ctx, store: s, trees: s.trees, resolve: resolve, change: change, base: base, ours: ours, theirs: theirs,
		names: map[schema.ID]int{},
	}
}

// run returns ours with the changes made to it.
func (c *combiner) run() (view, error) {
	root, err := c.dir("", c.base.root, c.ours.root, c.theirs.root)
	if err != nil {
		return c.ours, err
	}
	linked, err := c.links()
	slices.Sort(c.conflicts)
	return view{root: root, linked: linked}, err
}

// dir returns ours with the changes from base to theirs made to it; the three are directories at path.
func (c *combiner) dir(path string, base, ours, theirs tree.Entry) (tree.Entry, error) {
	deltas, err := c.deltas(base.Sub, theirs.Sub)
	if err != nil {
		return ours, err
	}
	var puts []tree.Entry
	var removes []string
	changed := len(c.changed)
	for _, d := range deltas {
		mine, there, err := ours.Sub.Get(c.ctx, d.name)
		if err != nil {
			return ours, err
		}
		var own *tree.Entry
		if there {
			own = &mine
		}
		result, err := c.entry(joinPath(path, d.name), d.base, own, d.theirs)
		switch {
		case err != nil:
			return ours, err
		case result == nil && own != nil:
			removes = append(removes, d.name)
		case result != nil && result != own:
			puts = append(puts, *result)
		}
	}
	if ours.Sub, err = ours.Sub.With(c.ctx, puts, removes); err != nil {
		return ours, err
	}
	if c.times && len(c.changed) > changed {
		ours.Mtime, ours.Ctime = theirs.Mtime, theirs.Ctime
	}
	return c.attributes(path, base, ours, theirs), nil
}

// nameDelta is how one name differs between two directories.
type nameDelta struct {
	name         string
	base, theirs *tree.Entry
}

// deltas returns how b differs from a, each name once: a file that became a directory has two entries in tree.Diff.
func (c *combiner) deltas(a, b *tree.Dir) ([]nameDelta, error) {
	var deltas []nameDelta
	at := map[string]int{}
	for d, err := range tree.Diff(c.ctx, a, b) {
		if err != nil {
			return nil, err
		}
		either := d.Old
		if either == nil {
			either = d.New
		}
		i, ok := at[either.Name]
		if !ok {
			i = len(deltas)
			at[either.Name] = i
			deltas = append(deltas, nameDelta{name: either.Name})
		}
		if d.Old != nil {
			deltas[i].base = d.Old
		}
		if d.New != nil {
			deltas[i].theirs = d.New
		}
	}
	return deltas, nil
}

// entry returns what is to be at path: ours itself when that stays as it is, nil when nothing is to be there.
func (c *combiner) entry(path string, base, ours, theirs *tree.Entry) (*tree.Entry, error) {
	if sameName(base, theirs) && sameName(ours, theirs) {
		return ours, nil // What has become of the file is seen to by links.
	}
	same, err := c.compare(base, ours, theirs)
	switch {
	case err != nil:
		return ours, err
	case same.baseTheirs, same.oursTheirs:
		return ours, nil
	case isDir(base) && isDir(ours) && isDir(theirs):
		// Even if ours is as it was: what is the same in theirs has not been changed by this commit.
		return c.dirs(path, base, ours, theirs)
	case same.oursBase:
		return c.take(path, ours, theirs)
	case mayBeDir(base) && mayBeDir(ours) && mayBeDir(theirs):
		return c.dirs(path, base, ours, theirs)
	case c.resolve == ResolveOurs:
		return ours, nil
	case c.resolve == ResolveTheirs:
		return c.take(path, ours, theirs)
	}
	c.conflicts = append(c.conflicts, path)
	if c.imagined {
		return c.nothingLike(ours, theirs), nil
	}
	return ours, nil
}

// nothingLike returns an entry that is not the same as any that there can be, in place of one or the other: a file of no
// bytes with a hash that these do not have.
func (c *combiner) nothingLike(ours, theirs *tree.Entry) *tree.Entry {
	some := theirs
	if ours != nil {
		some = ours
	}
	var e tree.Entry
	e.Name, e.Kind, e.Changed = some.Name, EntryFile, c.change
	copy(e.Content.Hash[:], c.change.Commit[:])
	return &e
}

// sameName reports whether both are names of one file that has several.
func sameName(a, b *tree.Entry) bool { return a != nil && b != nil && sameFile(*a, *b) }

// comparison says which of three entries, as their versions show them, are the same to a user.
type comparison struct{ baseTheirs, oursTheirs, oursBase bool }

// compare compares what is at a path. Directories that are compared with directories alone need not be gone into, since dirs
// does that.
func (c *combiner) compare(base, ours, theirs *tree.Entry) (same comparison, err error) {
	equal := c.equal
	if !mayBeDir(base) || !mayBeDir(ours) || !mayBeDir(theirs) {
		equal = c.equalWithin
	}
	if same.baseTheirs, err = equal(c.base, base, c.theirs, theirs); err != nil {
		return same, err
	}
	if same.oursTheirs, err = equal(c.ours, ours, c.theirs, theirs); err != nil {
		return same, err
	}
	same.oursBase, err = equal(c.ours, ours, c.base, base)
	if err == nil && same.oursBase && ours != nil && ours.IsDir() {
		same.oursBase, err = c.filesKept(ours.Sub)
	}
	return same, err
}

// dirs combines what are directories or, where nil, not there: those count as empty ones, and the result is not there when
// it is empty and one side has no such directory, or nobody wants it for its own sake.
func (c *combiner) dirs(path string, base, ours, theirs *tree.Entry) (*tree.Entry, error) {
	some := theirs
	if ours != nil {
		some = ours
	}
	mine := c.orEmpty(ours, some)
	if ours == nil {
		var err error
		if mine.Birth, err = c.newBirth(); err != nil {
			return nil, err
		}
	}
	before := c.orEmpty(base, some)
	if base == nil && ours != nil && theirs != nil {
		before = c.beforeBoth(ours, theirs)
	}
	result, err := c.dir(path, before, mine, c.orEmpty(theirs, some))
	switch {
	case err != nil:
		return nil, err
	case !result.Sub.IsEmpty() || ours != nil && theirs != nil && result.Explicit:
		return &result, nil
	case ours != nil:
		c.changed = append(c.changed, PathChange{Path: path, Subtree: true})
	}
	return nil, nil
}

// orEmpty returns e, or in its absence a directory that is like another but for being empty.
func (c *combiner) orEmpty(e, like *tree.Entry) tree.Entry {
	if e != nil {
		return *e
	}
	empty := *like
	empty.Sub, empty.Changed, empty.Placed = c.trees.Empty(), c.change, schema.Change{}
	return empty
}

// take returns theirs, for the place of ours, as changed by this commit.
func (c *combiner) take(path string, ours, theirs *tree.Entry) (*tree.Entry, error) {
	c.changed = append(c.changed, PathChange{Path: path, Subtree: true})
	if ours != nil {
		if err := countLinks(c.ctx, *ours, -1, c.names); err != nil {
			return ours, err
		}
	}
	if theirs == nil {
		return nil, nil
	}
	if err := countLinks(c.ctx, *theirs, 1, c.names); err != nil {
		return ours, err
	}
	taken := *theirs
	taken.Changed = c.change
	if taken.IsDir() {
		taken.Placed = c.change
	}
	if taken.Kind == EntryLink {
		return &taken, nil
	}
	var err error
	taken.Birth, err = c.newBirth()
	return &taken, err
}

func isDir(e *tree.Entry) bool { return e != nil && e.IsDir() }

func mayBeDir(e *tree.Entry) bool { return e == nil || e.IsDir() }

// equal reports whether two entries, nil for none, of two versions are known to be the same to a user without going into
// directories: those whose entries were changed by different commits are not.
func (c *combiner) equal(of view, a *tree.Entry, in view, b *tree.Entry) (bool, error) {
	if a == nil || b == nil {
		return a == b, nil
	}
	if a.IsDir() || b.IsDir() {
		return alike(&a.Entry, &b.Entry) && a.Sub.Same(b.Sub), nil
	}
	before, err := of.resolve(c.ctx, *a)
	if err != nil {
		return false, err
	}
	after, err := in.resolve(c.ctx, *b)
	return alike(&before.Entry, &after.Entry), err
}

// equalWithin is equal for files, and for directories reports whether all that is in them is the same to a user, whichever
// commits have changed it: a change that was made on both sides, or taken back, is none. The contents of files with several
// names are not looked at, but which files the names are of. It costs what is not shared of the directories.
func (c *combiner) equalWithin(of view, a *tree.Entry, in view, b *tree.Entry) (bool, error) {
	same, err := c.equal(of, a, in, b)
	if same || err != nil || !isDir(a) || !isDir(b) || !alike(&a.Entry, &b.Entry) {
		return same, err
	}
	for d, err := range tree.Diff(c.ctx, a.Sub, b.Sub) {
		if err != nil {
			return false, err
		}
		if sameName(d.Old, d.New) {
			continue
		}
		if same, err := c.equalWithin(of, d.Old, in, d.New); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}
