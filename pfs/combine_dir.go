package pfs

import (
	"math"

	"pfsd/pfs/internal/tree"
)

// attributes returns the directory ours, which is at path, with what theirs changed of its attributes: each of them counts by
// itself. That it is explicit is nothing that two sides can contradict each other about.
func (c *combiner) attributes(path string, base, ours, theirs tree.Entry) tree.Entry {
	a := attributeChooser{resolve: c.resolve}
	mode := choose(&a, base.Mode, ours.Mode, theirs.Mode, equals)
	uid := choose(&a, base.UID, ours.UID, theirs.UID, equals)
	gid := choose(&a, base.GID, ours.GID, theirs.GID, equals)
	meta := choose(&a, base.Meta, ours.Meta, theirs.Meta, sameMeta)
	explicit := choose(&a, base.Explicit, ours.Explicit, theirs.Explicit, equals)
	if a.contradiction && c.resolve == ResolveNone {
		c.conflicts = append(c.conflicts, path)
	}
	if !a.taken {
		return ours
	}
	ours.Mode, ours.UID, ours.GID, ours.Meta, ours.Explicit = mode, uid, gid, meta, explicit
	ours.Mtime, ours.Ctime, ours.Changed = theirs.Mtime, theirs.Ctime, c.change
	c.changed = append(c.changed, PathChange{Path: path})
	return ours
}

// beforeBoth returns what a directory that both sides have made has to be compared with: an empty one with the attributes of
// the side that made it only for what is in it, else with such as none can have.
func (c *combiner) beforeBoth(ours, theirs *tree.Entry) tree.Entry {
	switch {
	case !ours.Explicit:
		return c.orEmpty(nil, ours)
	case !theirs.Explicit:
		return c.orEmpty(nil, theirs)
	}
	before := c.orEmpty(nil, ours)
	before.Mode, before.UID, before.GID = math.MaxUint32, math.MaxUint32, math.MaxUint32
	before.Meta = &Meta{ContentType: "\x00"}
	return before
}

// attributeChooser notes what comes of choosing among the attributes of three directories.
type attributeChooser struct {
	resolve Resolve
	// taken is set when one of theirs was taken, contradiction when both sides have changed one in different ways.
	taken, contradiction bool
}

func equals[T comparable](a, b T) bool { return a == b }

// choose returns what an attribute is to be.
func choose[T any](a *attributeChooser, base, ours, theirs T, same func(a, b T) bool) T {
	if same(base, theirs) || same(ours, theirs) {
		return ours
	}
	if !same(base, ours) {
		a.contradiction = true
		if a.resolve != ResolveTheirs {
			return ours
		}
	}
	a.taken = true
	return theirs
}
