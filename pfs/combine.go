package pfs

import (
	"context"
	"fmt"
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
	ctx       context.Context
	trees     *tree.Store
	resolve   Resolve
	change    schema.Change
	conflicts []string
	changed   []PathChange
}

// dir returns ours with the changes from base to theirs made to it; the three are directories at path.
func (c *combiner) dir(path string, base, ours, theirs tree.Entry) (tree.Entry, error) {
	deltas, err := c.deltas(base.Sub, theirs.Sub)
	if err != nil {
		return ours, err
	}
	var puts []tree.Entry
	var removes []string
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
	if !alike(&base.Entry, &theirs.Entry) && alike(&base.Entry, &ours.Entry) {
		ours = withAttributes(ours, &theirs.Entry, c.change)
		c.changed = append(c.changed, PathChange{Path: path})
	}
	return ours, nil
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
	switch {
	case equal(base, theirs), equal(ours, theirs):
		return ours, nil
	case isDir(base) && isDir(ours) && isDir(theirs):
		// Even if ours is as it was: what is the same in theirs has not been changed by this commit.
		return c.dirs(path, base, ours, theirs)
	case equal(ours, base):
		return c.take(path, theirs), nil
	case mayBeDir(base) && mayBeDir(ours) && mayBeDir(theirs):
		return c.dirs(path, base, ours, theirs)
	case c.resolve == ResolveOurs:
		return ours, nil
	case c.resolve == ResolveTheirs:
		return c.take(path, theirs), nil
	}
	c.conflicts = append(c.conflicts, path)
	return ours, nil
}

// dirs combines what are directories or, where nil, not there: those count as empty ones, and the result is not there when
// it is empty and one side has no such directory.
func (c *combiner) dirs(path string, base, ours, theirs *tree.Entry) (*tree.Entry, error) {
	some := theirs
	if ours != nil {
		some = ours
	}
	result, err := c.dir(path, c.orEmpty(base, some), c.orEmpty(ours, some), c.orEmpty(theirs, some))
	if err != nil || (ours == nil || theirs == nil) && result.Sub.IsEmpty() {
		return nil, err
	}
	return &result, nil
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

// take returns theirs as changed by this commit.
func (c *combiner) take(path string, theirs *tree.Entry) *tree.Entry {
	c.changed = append(c.changed, PathChange{Path: path, Subtree: true})
	if theirs == nil {
		return nil
	}
	taken := *theirs
	taken.Changed = c.change
	if taken.IsDir() {
		taken.Placed = c.change
	}
	return &taken
}

func isDir(e *tree.Entry) bool { return e != nil && e.IsDir() }

func mayBeDir(e *tree.Entry) bool { return e == nil || e.IsDir() }

// equal reports whether two entries, nil for none, are known to be the same to a user.
func equal(a, b *tree.Entry) bool {
	if a == nil || b == nil {
		return a == b
	}
	return alike(&a.Entry, &b.Entry) && (!a.IsDir() || a.Sub.Same(b.Sub))
}

// withAttributes returns dir with what a user may set of a directory taken from e.
func withAttributes(dir tree.Entry, e *Entry, change schema.Change) tree.Entry {
	dir.Mode, dir.UID, dir.GID, dir.Explicit, dir.Meta = e.Mode, e.UID, e.GID, e.Explicit, e.Meta
	dir.Mtime, dir.Ctime, dir.Changed = e.Mtime, e.Ctime, change
	return dir
}
