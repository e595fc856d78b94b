package schema

// The row of a node
//
// The row of a node has the key 'n' and the node's hash. Its value is the node, or a delta from another:
//
//	row   = 0x00, node
//	      | 0x01, 1 byte position, 32 bytes hash of the base, delta
//
// The rows that hold the versions of what was once one node form a chain of positions: a whole node has position 0. A
// delta at position p has its base at position p&(p-1), which is p with its lowest set bit cleared, so that no chain of
// bases is longer than five rows, while a delta holds two to three changes on average. Behind MaxPosition, and when a
// delta is no smaller than half the node, a whole node is written and the count begins anew. How a node is stored has
// no effect on its hash, nor on anything that refers to it.

// MaxPosition is the last position of a delta.
const MaxPosition = 31

const (
	rowWhole = 0x00
	rowDelta = 0x01
)

// NodeRow is the value of a node's row, taken apart.
type NodeRow struct {
	// Position in the chain of deltas; 0 for a whole node.
	Position uint8
	// Base is the hash of the node from which the delta goes; zero for a whole node.
	Base Hash
	// Body is the encoding of the node, as AppendNode writes it, or of the delta.
	Body []byte
}

// IsWhole reports whether the body is a node rather than a delta.
func (r *NodeRow) IsWhole() bool { return r.Base.IsZero() }

// AppendNodeRow appends the value of a row to b.
func AppendNodeRow(b []byte, r *NodeRow) []byte {
	if r.IsWhole() {
		b = append(b, rowWhole)
	} else {
		b = append(b, rowDelta, r.Position)
		b = append(b, r.Base[:]...)
	}
	return append(b, r.Body...)
}

// DecodeNodeRow takes the value of a node's row apart. Body is a part of b. It returns an error that wraps ErrMalformed
// when b is no such value; the body is not looked at.
func DecodeNodeRow(b []byte) (NodeRow, error) {
	var row NodeRow
	r := newWireReader(b)
	switch kind := r.byte(); kind {
	case rowWhole:
	case rowDelta:
		row.Position = r.byte()
		row.Base = r.hash()
		if row.Position == 0 || row.Position > MaxPosition || row.Base.IsZero() {
			r.failf("delta at position %d", row.Position)
		}
	default:
		r.failf("kind %d of a node's row", kind)
	}
	row.Body = r.b
	return row, r.err
}
