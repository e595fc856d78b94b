package tree

import (
	"slices"
	"strings"

	"pfsd/pfs/internal/schema"
)

// pass cuts a run of items of one level into nodes.
type pass struct {
	level int
	cut   cutter
	// items are those to be cut next.
	items []item
	// open are the items of a node that has no end yet.
	open []item
	// old are the nodes that the run replaces, and made refers to those that it has instead.
	old  []oldNode
	made []item
	// from is the origin of the next node made.
	from schema.Hash
}

type oldNode struct {
	n *node
	r *ref
}

// merge sets the items to those of n with the changes made, and reports whether they differ from n's.
func (p *pass) merge(n *node, changes []change) bool {
	p.items = n.items
	if !slices.ContainsFunc(changes, n.differs) {
		return false
	}
	items := make([]item, 0, len(n.items)+len(changes))
	rest := node{items: n.items}
	for i := range changes {
		ch := &changes[i]
		at := rest.find(ch.key)
		items = append(items, rest.items[:at]...)
		rest.items = rest.items[at:]
		if len(rest.items) > 0 && rest.items[0].key == ch.key {
			rest.items = rest.items[1:]
		}
		if ch.put {
			items = append(items, ch.item)
		}
	}
	p.items = append(items, rest.items...)
	return true
}

// differs reports whether ch makes n another node. Most changes that do not are removals of what is not there: of the key
// that a name would have in an entry of the other kind.
func (n *node) differs(ch change) bool {
	at := n.find(ch.key)
	if at == len(n.items) || n.items[at].key != ch.key {
		return ch.put
	}
	return !ch.put || !n.items[at].same(&ch.item)
}

// feed cuts the items, and leaves those behind the last end open.
func (p *pass) feed() {
	start := 0
	for i := range p.items {
		if !p.cut.ends(&p.items[i]) {
			continue
		}
		p.close(p.items[start : i+1])
		start = i + 1
	}
	p.open = append(p.open, p.items[start:]...)
	p.items = nil
}

// flush ends the last node.
func (p *pass) flush() {
	if len(p.open) > 0 {
		p.close(nil)
	}
}

// close makes a node of the open items and those behind them, or takes the old one that has the same.
func (p *pass) close(items []item) {
	if len(p.open) > 0 {
		items = append(p.open, items...)
	}
	p.open = nil
	from := p.from
	p.from = schema.Hash{}
	key := items[len(items)-1].key
	if old := p.unchanged(key, items); old != nil {
		p.made = append(p.made, refItem(key, old))
		return
	}
	// A node holds on to all that its slice does: a short one out of a long run must not.
	if 2*len(items) < max(len(p.items), cap(items)) {
		items = slices.Clone(items)
	}
	n := &node{level: p.level, items: slices.Clip(items), from: from}
	p.made = append(p.made, refItem(key, newRef(n)))
}

// unchanged returns the ref of the old node that has exactly the items, of which the last has the given key, or nil.
func (p *pass) unchanged(key string, items []item) *ref {
	i, found := slices.BinarySearchFunc(p.old, key, func(o oldNode, key string) int {
		return strings.Compare(o.n.key(), key)
	})
	if found && slices.EqualFunc(p.old[i].n.items, items, func(a, b item) bool { return a.same(&b) }) {
		return p.old[i].r
	}
	return nil
}

// changes returns what the pass means for the level above, in order of keys.
func (p *pass) changes() []change {
	changes := make([]change, 0, len(p.old)+len(p.made))
	for _, old := range p.old {
		changes = append(changes, change{key: old.n.key()})
	}
	for _, it := range p.made {
		changes = append(changes, change{key: it.key, item: it, put: true})
	}
	return lastOfEach(changes)
}
