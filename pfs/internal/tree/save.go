package tree

import (
	"context"
	"errors"

	"lukechampine.com/blake3"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// Saved is what it takes to make directories durable: rows for the caller to commit, and a way to say that they are.
type Saved struct {
	// Roots are the hashes of the directories' top nodes, in the order in which they were given.
	Roots []schema.Hash
	// Rows are those of the nodes that the source does not have, each key once; a node comes behind all below it.
	Rows []kv.Row

	s     *Store
	nodes []savedNode
	// hashes are those of the top nodes and all below them that were unsaved.
	hashes map[*ref]schema.Hash
}

type savedNode struct {
	r    *ref
	n    *node
	hash schema.Hash
}

// Save encodes and hashes the unsaved nodes of dirs and of all directories below them. Nothing changes until the caller
// has committed the rows, in whatever steps, and then calls Commit; if that fails it drops the Saved and, when it comes
// to that, calls Save anew.
//
// One Save with what follows it must have ended before the next begins: what a node's row says depends on which rows
// are there. All else may go on at the same time, on the same directories too.
func (s *Store) Save(ctx context.Context, dirs ...*Dir) (*Saved, error) {
	v := saver{ctx: ctx, s: s, hashes: make(map[*ref]schema.Hash), written: make(map[schema.Hash]bool)}
	saved := &Saved{s: s, Roots: make([]schema.Hash, len(dirs))}
	for i, d := range dirs {
		h, err := v.dir(d)
		if err != nil {
			return nil, err
		}
		saved.Roots[i] = h
	}
	saved.Rows, saved.nodes, saved.hashes = v.rows, v.nodes, v.hashes
	return saved, nil
}

// Root returns the hash that the top node of a directory will have once the rows are committed: one of those that were
// saved, or below one, or saved before. It is zero for an empty directory, and for one that Save has not come across.
func (v *Saved) Root(d *Dir) schema.Hash {
	if h, ok := d.Root(); ok {
		return h
	}
	return v.hashes[d.top]
}

// Commit notes that the rows are committed: the directories are saved from now on, and let go of their nodes, which
// become a matter of the cache.
func (v *Saved) Commit() {
	v.s.settle.Lock()
	defer v.s.settle.Unlock()
	for _, sn := range v.nodes {
		v.s.cache.add(sn.hash, sn.n)
		if !sn.r.stored.Load() {
			sn.r.hash = sn.hash
			sn.r.stored.Store(true)
			sn.r.mem.Store(nil)
		}
	}
	v.nodes, v.hashes = nil, nil
}

// saver is one run of Save.
type saver struct {
	ctx context.Context
	s   *Store
	// hashes are those of the refs that were seen to.
	hashes map[*ref]schema.Hash
	// written has the nodes that need no row any more.
	written map[schema.Hash]bool
	rows    []kv.Row
	nodes   []savedNode
}

func (v *saver) dir(d *Dir) (schema.Hash, error) {
	if d.top == nil {
		return schema.Hash{}, nil
	}
	return v.ref(d.top)
}

func (v *saver) ref(r *ref) (schema.Hash, error) {
	// The order matters: mem is cleared only after stored was set.
	n := r.mem.Load()
	if n == nil || r.stored.Load() {
		return r.hash, nil
	}
	if h, ok := v.hashes[r]; ok {
		return h, nil
	}
	plain, err := v.plain(n)
	if err != nil {
		return schema.Hash{}, err
	}
	encoded := schema.AppendNode(make([]byte, 0, 128*len(n.items)), plain)
	h := schema.Hash(blake3.Sum256(encoded))
	if err := v.write(h, n.from, plain, encoded); err != nil {
		return schema.Hash{}, err
	}
	v.hashes[r] = h
	v.nodes = append(v.nodes, savedNode{r, n, h})
	return h, nil
}

// plain returns n as it is encoded, after it has seen to all below.
func (v *saver) plain(n *node) (*schema.Node, error) {
	m := newSchemaNode(n)
	for i := range n.items {
		it := &n.items[i]
		switch {
		case it.ref != nil:
			h, err := v.ref(it.ref)
			if err != nil {
				return nil, err
			}
			child := schema.Child{Key: it.key, Hash: h, Count: it.ref.count, Totals: it.ref.totals}
			m.Children = append(m.Children, child)
		case it.sub != nil:
			h, err := v.dir(it.sub)
			if err != nil {
				return nil, err
			}
			e := *it.entry
			e.Root, e.Totals = h, it.sub.Totals()
			m.Entries = append(m.Entries, &e)
		default:
			m.Entries = append(m.Entries, it.entry)
		}
	}
	return m, nil
}

// write makes the row of a node, unless the source has it: then the row must stay as it is, since a row that was
// written anew as a delta could end up on a base that goes back to it.
func (v *saver) write(h, from schema.Hash, n *schema.Node, encoded []byte) error {
	if v.written[h] {
		return nil
	}
	there, err := v.there(h)
	if err != nil {
		return err
	}
	v.written[h] = true
	if there {
		return nil
	}
	row, err := v.delta(from, n, len(encoded))
	if err != nil {
		return err
	}
	if row == nil {
		row = schema.AppendNodeRow(nil, &schema.NodeRow{Body: encoded})
	}
	v.rows = append(v.rows, kv.Row{Key: schema.NodeKey(h), Value: row})
	return nil
}

// there reports whether the source has the node.
func (v *saver) there(h schema.Hash) (bool, error) {
	if v.s.cache.get(h) != nil {
		return true, nil
	}
	_, err := v.s.src.Node(v.ctx, h)
	if errors.Is(err, kv.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// delta returns the row of n as a delta, or nil when it is better stored whole, in which form it has the given size.
// The base is not the node that n was made from, but the one in its chain that the next position asks for.
func (v *saver) delta(from schema.Hash, n *schema.Node, size int) ([]byte, error) {
	if from.IsZero() {
		return nil, nil
	}
	base, position, err := v.base(from)
	if err != nil || position == 0 {
		return nil, err
	}
	baseNode, err := v.s.base(v.ctx, base, position)
	if err != nil || baseNode.Level != n.Level {
		return nil, err
	}
	row := schema.AppendNodeRow(nil, &schema.NodeRow{Position: position, Base: base})
	row = schema.AppendDelta(row, baseNode, n)
	if 2*len(row) >= size {
		return nil, nil
	}
	return row, nil
}

// base returns the hash of the base for the successor of the node from, and the successor's position; 0 for one that is
// to be stored whole.
func (v *saver) base(from schema.Hash) (base schema.Hash, position uint8, err error) {
	row, err := v.s.row(v.ctx, from)
	if errors.Is(err, kv.ErrNotFound) {
		return schema.Hash{}, 0, nil
	}
	if err != nil || row.Position == schema.MaxPosition {
		return schema.Hash{}, 0, err
	}
	position = row.Position + 1
	base = from
	for want := position & (position - 1); row.Position > want; {
		base = row.Base
		if row, err = v.s.row(v.ctx, base); err != nil {
			return schema.Hash{}, 0, corruptIfMissing(err, base)
		}
	}
	return base, position, nil
}
