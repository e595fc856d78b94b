package tree

import (
	"context"
	"slices"
	"strings"

	"pfsd/pfs/internal/schema"
)

// With returns d with the entries named in removes taken out, and then puts put in, each in place of what has its name,
// whatever its kind; of two puts of one name the later one counts. Names to be removed that are not there are passed over.
// d stays as it is, and shares with the result what they have in common.
//
// An entry that cannot stand in a directory gives an error that wraps schema.ErrInvalid. The cost is a few microseconds a
// change while the nodes are in memory: nothing is encoded or hashed before Save.
func (d *Dir) With(ctx context.Context, puts []Entry, removes []string) (*Dir, error) {
	changes, err := d.changes(puts, removes)
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return d, nil
	}
	e := editor{ctx: ctx, s: d.s, top: d.top}
	top, err := e.run(changes)
	if err != nil {
		return nil, err
	}
	if top == d.top {
		return d, nil
	}
	return &Dir{s: d.s, top: top}, nil
}

// change says what is to be under a key: an item, or nothing.
type change struct {
	key  string
	item item
	put  bool
}

// changes returns what With is to do, in order of keys and each key once.
func (d *Dir) changes(puts []Entry, removes []string) ([]change, error) {
	changes := make([]change, 0, 2*(len(puts)+len(removes)))
	for _, name := range removes {
		changes = append(changes, change{key: name}, change{key: name + "/"})
	}
	for i := range puts {
		e, sub := puts[i].Entry, puts[i].Sub
		e.Number = 0
		if err := e.Valid(); err != nil {
			return nil, err
		}
		if !e.IsDir() {
			sub = nil
		} else if sub == nil {
			sub = d.s.Load(e.Root, e.Totals)
		}
		it := entryItem(&e, sub)
		changes = append(changes, change{key: it.key, item: it, put: true})
		if other := otherKey(&e); !d.IsEmpty() || len(puts) > 1 {
			changes = append(changes, change{key: other})
		}
	}
	return lastOfEach(changes), nil
}

// otherKey is the sort key that e's name has in an entry of the other kind.
func otherKey(e *schema.Entry) string {
	if e.IsDir() {
		return e.Name
	}
	return e.Name + "/"
}

// lastOfEach sorts changes by key and keeps the last that was made to each.
func lastOfEach(changes []change) []change {
	slices.SortStableFunc(changes, func(a, b change) int { return strings.Compare(a.key, b.key) })
	kept := changes[:0]
	for i := range changes {
		if i+1 == len(changes) || changes[i+1].key != changes[i].key {
			kept = append(kept, changes[i])
		}
	}
	return kept
}

// editor changes one tree. It goes up level by level: changes of items at one level end in changes of the refs, to the
// nodes that came or went, at the level above.
type editor struct {
	ctx context.Context
	s   *Store
	// top is the tree as it was; nil when it was empty.
	top *ref
}

// run returns the top of the tree with the changes made.
func (e *editor) run(changes []change) (*ref, error) {
	var height int
	if e.top != nil {
		n, err := e.s.load(e.ctx, e.top)
		if err != nil {
			return nil, err
		}
		height = n.level
		for level := range height {
			if changes, err = e.level(level, changes); err != nil {
				return nil, err
			}
			if len(changes) == 0 {
				return e.top, nil
			}
		}
	}
	return e.crown(height, changes)
}

// crown makes the changes at the level that has the old top node alone, and then adds levels, or takes them away, until
// there is one node on top that is not the only one below another.
func (e *editor) crown(level int, changes []change) (*ref, error) {
	p := pass{level: level, cut: cutter{level: level}}
	if e.top != nil {
		n, err := e.s.load(e.ctx, e.top)
		if err != nil {
			return nil, err
		}
		if !p.merge(n, changes) {
			return e.top, nil
		}
		p.old, p.from = []oldNode{{n, e.top}}, e.top.origin(n)
	} else {
		p.merge(&node{}, changes)
	}
	p.feed()
	p.flush()
	for len(p.made) > 1 {
		level++
		above := pass{level: level, cut: cutter{level: level}, items: p.made}
		above.feed()
		above.flush()
		p = above
	}
	if len(p.made) == 0 {
		return nil, nil
	}
	return e.uncrown(p.made[0].ref)
}

// uncrown goes down from top while the node there is the only one below it.
func (e *editor) uncrown(top *ref) (*ref, error) {
	for {
		n, err := e.s.load(e.ctx, top)
		if err != nil {
			return nil, err
		}
		if n.level == 0 || len(n.items) > 1 {
			return top, nil
		}
		top = n.items[0].ref
	}
}

// level makes changes to the items at the given level, below the top, and returns those to make above.
func (e *editor) level(level int, changes []change) ([]change, error) {
	var up []change
	c, err := newCursor(e.ctx, e.s, e.top)
	if err != nil {
		return nil, err
	}
	for len(changes) > 0 {
		c.stack = c.stack[:1]
		// The refs to the nodes of this level are items of the one above.
		if err := c.seek(e.ctx, level+1, changes[0].key, true); err != nil {
			return nil, err
		}
		p := pass{level: level, cut: cutter{level: level}}
		rest, err := e.stretch(&p, c, changes)
		if err != nil {
			return nil, err
		}
		changes = rest
		up = append(up, p.changes()...)
	}
	return up, nil
}

// stretch makes the changes that fall into the node under the cursor, and goes on with the nodes behind it until an old
// one and a new one end at the same item. It returns the changes that are left for later.
func (e *editor) stretch(p *pass, c *cursor, changes []change) ([]change, error) {
	for {
		r, last := c.item().ref, c.last()
		n, err := e.s.load(e.ctx, r)
		if err != nil {
			return nil, err
		}
		here := len(changes)
		if !last {
			key := c.item().key
			here, _ = slices.BinarySearchFunc(changes, key, func(ch change, key string) int {
				if ch.key <= key {
					return -1
				}
				return 1
			})
		}
		changed := p.merge(n, changes[:here])
		changes = changes[here:]
		if !changed && len(p.open) == 0 {
			p.items = nil
			return changes, nil
		}
		p.old = append(p.old, oldNode{n, r})
		if p.from.IsZero() {
			p.from = r.origin(n)
		}
		p.feed()
		if len(p.open) == 0 {
			return changes, nil
		}
		if last {
			p.flush()
			return changes, nil
		}
		c.next()
		if err := c.descend(e.ctx, p.level+1); err != nil {
			return nil, err
		}
	}
}
