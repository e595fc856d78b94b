package tree

import (
	"container/list"
	"sync"
	"unsafe"

	"pfsd/pfs/internal/schema"
)

// cache keeps the stored nodes that were used last. Its parts, chosen by hash, are locked apart.
type cache struct {
	parts [16]cachePart
}

type cachePart struct {
	// mu guards all below. Nothing else is taken while it is held.
	mu    sync.Mutex
	nodes map[schema.Hash]*list.Element
	// used has the nodes, as cached, the last used in front.
	used list.List
	// size is the sum of their costs, in bytes, and limit what it may reach.
	size, limit int64
}

type cached struct {
	hash schema.Hash
	node *node
	cost int64
}

func newCache(limit int64) *cache {
	c := &cache{}
	for i := range c.parts {
		c.parts[i].nodes = make(map[schema.Hash]*list.Element)
		c.parts[i].limit = limit / int64(len(c.parts))
	}
	return c
}

func (c *cache) part(h schema.Hash) *cachePart { return &c.parts[int(h[0])%len(c.parts)] }

// get returns the node with hash h, or nil.
func (c *cache) get(h schema.Hash) *node {
	p := c.part(h)
	p.mu.Lock()
	defer p.mu.Unlock()
	el := p.nodes[h]
	if el == nil {
		return nil
	}
	p.used.MoveToFront(el)
	return el.Value.(*cached).node
}

// add keeps n, the node with hash h, and lets go of what was not used for long. It returns the node that is kept under
// that hash, which is another one when somebody was faster.
func (c *cache) add(h schema.Hash, n *node) *node {
	p := c.part(h)
	p.mu.Lock()
	defer p.mu.Unlock()
	if el := p.nodes[h]; el != nil {
		return el.Value.(*cached).node
	}
	e := &cached{hash: h, node: n, cost: nodeCost(n)}
	p.nodes[h] = p.used.PushFront(e)
	p.size += e.cost
	for p.size > p.limit && p.used.Len() > 1 {
		last := p.used.Remove(p.used.Back()).(*cached)
		delete(p.nodes, last.hash)
		p.size -= last.cost
	}
	return n
}

// nodeCost estimates what n takes in memory, in bytes.
func nodeCost(n *node) int64 {
	cost := int(unsafe.Sizeof(node{})+unsafe.Sizeof(cached{})) + 128
	for i := range n.items {
		it := &n.items[i]
		cost += int(unsafe.Sizeof(item{})) + len(it.key)
		if it.ref != nil {
			cost += int(unsafe.Sizeof(ref{}))
			continue
		}
		cost += int(unsafe.Sizeof(schema.Entry{}))
		if it.entry.Meta != nil || it.entry.Kind == schema.KindSymlink {
			cost += it.entry.Weight()
		}
	}
	return int64(cost)
}
