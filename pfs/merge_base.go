package pfs

import (
	"cmp"
	"container/heap"
	"context"

	"pfsd/pfs/internal/schema"
)

// maxBaseDepth bounds how many times a merge base is made of others. Histories that were merged into each other more often
// than that, without ever being at one commit, are compared with an empty version from there on, so that what they do not
// agree on is a conflict.
const maxBaseDepth = 32

// mergeBases returns the newest commits that b and one of a are, or descend from: those that no other such commit descends
// from, the newest first; none when there is none. There is more than one after histories were merged into each other. It
// goes back by generation, in which parents are always before their children, and not beyond a commit that was found, so
// that it takes time by what has been done since.
func (s *Store) mergeBases(ctx context.Context, a []*commit, b *commit) ([]*commit, error) {
	const ofA, ofB = 1, 2
	seen := map[schema.ID]uint8{}
	var queue commitQueue
	reach := func(c *commit, from uint8) {
		if seen[c.id] == 0 {
			heap.Push(&queue, c)
		}
		seen[c.id] |= from
	}
	for _, c := range a {
		reach(c, ofA)
	}
	reach(b, ofB)
	var bases []*commit
	for queue.Len() > 0 {
		c := heap.Pop(&queue).(*commit)
		if known, err := s.inAny(ctx, bases, c); err != nil || known {
			if err != nil {
				return nil, err
			}
			continue
		}
		if seen[c.id] == ofA|ofB {
			older, err := s.isBefore(ctx, c, bases)
			if err != nil {
				return nil, err
			}
			if !older {
				bases = append(bases, c)
			}
			continue
		}
		for _, id := range c.rec.Parents {
			parent, err := s.parent(ctx, id)
			if err != nil {
				return nil, err
			}
			reach(parent, seen[c.id])
		}
	}
	return bases, nil
}

// parent returns a commit that another has as a parent.
func (s *Store) parent(ctx context.Context, id schema.ID) (*commit, error) {
	c, err := s.loadCommit(ctx, id)
	if err == nil && c == nil {
		err = &Error{Op: "pfs.Merge", Kind: KindCorrupt, Ref: id.String()}
	}
	return c, err
}

// inAny reports whether c is in the history, by first parents, of one of some commits.
func (s *Store) inAny(ctx context.Context, commits []*commit, c *commit) (bool, error) {
	for _, later := range commits {
		if in, err := s.inHistory(ctx, later, c); err != nil || in {
			return in, err
		}
	}
	return false, nil
}

// isBefore reports whether one of some commits descends from c.
func (s *Store) isBefore(ctx context.Context, c *commit, commits []*commit) (bool, error) {
	seen := map[schema.ID]bool{}
	queue := append([]*commit{}, commits...)
	for len(queue) > 0 {
		last := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if last.id == c.id {
			return true, nil
		}
		for _, id := range last.rec.Parents {
			parent, err := s.parent(ctx, id)
			if err != nil {
				return false, err
			}
			if parent.rec.Gen >= c.rec.Gen && !seen[id] {
				seen[id] = true
				queue = append(queue, parent)
			}
		}
	}
	return false, nil
}

// baseOf returns what is to be compared with both sides of a merge: the one base, or what a merge of several would show, in
// which a path on which they do not agree is like nothing that either side can have.
func (g *group) baseOf(ctx context.Context, bases []*commit, depth int) (view, error) {
	base := bases[0].view
	if depth == 0 {
		return g.store.emptied(base), nil
	}
	for i := 1; i < len(bases); i++ {
		under, err := g.store.mergeBases(ctx, bases[:i], bases[i])
		if err != nil {
			return base, err
		}
		before := g.store.emptied(base)
		if len(under) > 0 {
			before, err = g.baseOf(ctx, under, depth-1)
		}
		if err != nil {
			return base, err
		}
		change := schema.Change{Commit: bases[i].id, Gen: g.counters.Gen}
		c := newCombiner(ctx, g.store, ResolveNone, change, before, base, bases[i].view)
		c.imagined = true
		if base, err = c.run(); err != nil {
			return base, err
		}
	}
	return base, nil
}

// emptied returns a version with nothing in it, whose root has the attributes of another's.
func (s *Store) emptied(v view) view {
	empty := view{root: v.root, linked: s.trees.Empty()}
	empty.root.Sub = s.trees.Empty()
	return empty
}

// commitQueue is a heap of commits, the newest first.
type commitQueue []*commit

func (q commitQueue) Len() int           { return len(q) }
func (q commitQueue) Less(i, j int) bool { return cmp.Less(q[j].rec.Gen, q[i].rec.Gen) }
func (q commitQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is of heap.Interface.
func (q *commitQueue) Push(c any) { *q = append(*q, c.(*commit)) }

// Pop is of heap.Interface.
func (q *commitQueue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
