package tree

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// ErrCorrupt is wrapped by the error of every operation that found a node missing or other than its hash says.
var ErrCorrupt = errors.New("tree: corrupt")

// Store gives access to the trees of a source. It may be used concurrently.
type Store struct {
	src   Source
	cache *cache
	// settle is held while refs are turned from unsaved into stored.
	settle sync.Mutex
}

// New returns a store of the trees in src, which keeps up to about cacheBytes of decoded nodes in memory.
func New(src Source, cacheBytes int64) *Store {
	return &Store{src: src, cache: newCache(cacheBytes)}
}

// Empty returns a directory without entries.
func (s *Store) Empty() *Dir { return &Dir{s: s} }

// Load returns the directory whose top node has the hash root, and whose totals, as the entry or commit that names it
// has them, are totals. The zero hash is the empty directory. Nothing is read: that there is no such node, or that the
// totals are others, comes out later.
func (s *Store) Load(root schema.Hash, totals schema.Totals) *Dir {
	if root.IsZero() {
		return s.Empty()
	}
	return &Dir{s: s, top: storedRef(root, 0, totals)}
}

// load returns the node that r refers to.
func (s *Store) load(ctx context.Context, r *ref) (*node, error) {
	if n := r.mem.Load(); n != nil {
		return n, nil
	}
	return s.node(ctx, r.hash)
}

// node returns the stored node with hash h.
func (s *Store) node(ctx context.Context, h schema.Hash) (*node, error) {
	if n := s.cache.get(h); n != nil {
		return n, nil
	}
	decoded, _, err := s.read(ctx, h)
	if err != nil {
		return nil, err
	}
	return s.cache.add(h, fromSchema(decoded)), nil
}

// read returns the stored node with hash h and its encoding, verified, and caches nothing.
func (s *Store) read(ctx context.Context, h schema.Hash) (*schema.Node, []byte, error) {
	n, encoded, err := s.resolve(ctx, h, schema.MaxPosition+1)
	if err != nil {
		return nil, nil, err
	}
	if encoded == nil {
		encoded = schema.AppendNode(nil, n)
	}
	if hashOf(encoded) != h {
		return nil, nil, fmt.Errorf("%w: node %s has another hash", ErrCorrupt, h)
	}
	return n, encoded, nil
}

// resolve returns the stored node with hash h, unverified, with its encoding where that is at hand. The position of its
// row must be below limit.
func (s *Store) resolve(ctx context.Context, h schema.Hash, limit uint8) (*schema.Node, []byte, error) {
	row, err := s.row(ctx, h)
	if err != nil {
		return nil, nil, corruptIfMissing(err, h)
	}
	if row.IsWhole() {
		n, err := schema.DecodeNode(row.Body)
		return n, row.Body, corruptIfMalformed(err, h)
	}
	if row.Position >= limit {
		return nil, nil, fmt.Errorf("%w: node %s is out of place in its chain", ErrCorrupt, h)
	}
	base, err := s.base(ctx, row.Base, row.Position)
	if err != nil {
		return nil, nil, err
	}
	n, err := schema.ApplyDelta(base, row.Body)
	return n, nil, corruptIfMalformed(err, h)
}

// base returns the node with hash h, on which a delta at the given position goes.
func (s *Store) base(ctx context.Context, h schema.Hash, position uint8) (*schema.Node, error) {
	if n := s.cache.get(h); n != nil {
		return toSchema(n), nil
	}
	n, _, err := s.resolve(ctx, h, position)
	return n, err
}

// row returns the row of the node with hash h, taken apart.
func (s *Store) row(ctx context.Context, h schema.Hash) (schema.NodeRow, error) {
	value, err := s.src.Node(ctx, h)
	if err != nil {
		return schema.NodeRow{}, err
	}
	row, err := schema.DecodeNodeRow(value)
	return row, corruptIfMalformed(err, h)
}

func corruptIfMissing(err error, h schema.Hash) error {
	if errors.Is(err, kv.ErrNotFound) {
		return fmt.Errorf("%w: node %s is missing", ErrCorrupt, h)
	}
	return err
}

func corruptIfMalformed(err error, h schema.Hash) error {
	if err != nil {
		return fmt.Errorf("%w: node %s: %w", ErrCorrupt, h, err)
	}
	return nil
}

// fromSchema returns n as it is held in memory.
func fromSchema(n *schema.Node) *node {
	m := &node{level: int(n.Level)}
	if n.Level == 0 {
		m.items = make([]item, len(n.Entries))
		for i, e := range n.Entries {
			m.items[i] = entryItem(e, nil)
		}
		return m
	}
	m.items = make([]item, len(n.Children))
	refs := make([]ref, len(n.Children))
	for i := range n.Children {
		c, r := &n.Children[i], &refs[i]
		r.hash, r.count, r.totals = c.Hash, c.Count, c.Totals
		r.stored.Store(true)
		m.items[i] = refItem(c.Key, r)
	}
	return m
}

// newSchemaNode returns a node of n's level, with room for as many items.
func newSchemaNode(n *node) *schema.Node {
	if n.level == 0 {
		return &schema.Node{Entries: make([]*schema.Entry, 0, len(n.items))}
	}
	return &schema.Node{Level: uint8(n.level), Children: make([]schema.Child, 0, len(n.items))}
}

// toSchema is the reverse of fromSchema. All below n must be stored.
func toSchema(n *node) *schema.Node {
	m := newSchemaNode(n)
	for i := range n.items {
		it := &n.items[i]
		if it.ref != nil {
			m.Children = append(m.Children, schema.Child{
				Key: it.key, Hash: it.ref.hash, Count: it.ref.count, Totals: it.ref.totals,
			})
			continue
		}
		m.Entries = append(m.Entries, settled(it))
	}
	return m
}

// settled returns the entry of it with the root and totals of its directory, which must be stored.
func settled(it *item) *schema.Entry {
	if it.sub == nil {
		return it.entry
	}
	e := *it.entry
	e.Root, _ = it.sub.Root()
	e.Totals = it.sub.Totals()
	return &e
}
