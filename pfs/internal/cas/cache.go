package cas

import (
	"container/list"
	"sync"

	"pfsd/pfs/internal/schema"
)

// cacheOverhead is what an entry of the cache takes beside its value, in bytes, about.
const cacheOverhead = 200

// cache keeps what was used last, such as decoded records, up to a number of bytes. All methods may be called concurrently.
type cache struct {
	max int64

	// mu guards all below.
	mu    sync.Mutex
	bytes int64
	order list.List // of *cached, last used first
	byKey map[schema.Hash]*list.Element
}

type cached struct {
	key   schema.Hash
	value any
	bytes int64
}

func newCache(maxBytes int64) *cache {
	return &cache{max: maxBytes, byKey: map[schema.Hash]*list.Element{}}
}

// get returns the value of key and makes it the one used last.
func (c *cache) get(key schema.Hash) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).value, true
}

// put adds a value whose record has the given number of bytes, unless there is one, and drops those used longest ago while
// there are too many.
func (c *cache) put(key schema.Hash, value any, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; !ok {
		c.addLocked(key, value, size)
	}
}

// set is put for a value that takes the place of another one of the same size.
func (c *cache) set(key schema.Hash, value any, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		e.Value.(*cached).value = value
		return
	}
	c.addLocked(key, value, size)
}

// addLocked adds a value that is not there. Needs mu.
func (c *cache) addLocked(key schema.Hash, value any, size int) {
	v := &cached{key, value, int64(size) + cacheOverhead}
	c.byKey[key] = c.order.PushFront(v)
	for c.bytes += v.bytes; c.bytes > c.max; {
		last := c.order.Remove(c.order.Back()).(*cached)
		delete(c.byKey, last.key)
		c.bytes -= last.bytes
	}
}
