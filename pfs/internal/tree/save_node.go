package tree

import (
	"context"
	"errors"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// saver sees to the nodes of one directory.
type saver struct {
	*Saved
	ctx context.Context
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
	h := hashOf(encoded)
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
	v.Rows = append(v.Rows, kv.Row{Key: schema.NodeKey(h), Value: row})
	return nil
}

// there reports whether the source has the node and what its row is a delta on, all of which stays there then. The cache
// does not tell: it may have a node that was collected as garbage.
func (v *saver) there(h schema.Hash) (bool, error) {
	for {
		row, err := v.relied(h)
		if errors.Is(err, kv.ErrNotFound) {
			return false, nil
		}
		if err != nil || row.IsWhole() {
			return err == nil, err
		}
		h = row.Base
	}
}

// relied returns the row of a node, which a collection of garbage must leave alone from then on.
func (v *saver) relied(h schema.Hash) (schema.NodeRow, error) {
	if r, ok := v.s.src.(relier); ok {
		if err := r.Rely(v.ctx, h); err != nil {
			return schema.NodeRow{}, err
		}
	}
	return v.s.row(v.ctx, h)
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
	if there, err := v.there(base); err != nil || !there {
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
			if errors.Is(err, kv.ErrNotFound) {
				return schema.Hash{}, 0, nil
			}
			return schema.Hash{}, 0, err
		}
	}
	return base, position, nil
}
