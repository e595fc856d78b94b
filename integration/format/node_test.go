package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"lukechampine.com/blake3"
)

// node is a tree node (section 6) as a list of names with what follows them, in which changes are in full.
type node struct {
	level byte
	items []item
}

type item struct {
	name string
	body []byte
}

// node reads the node with the given hash.
func (r *reader) node(h []byte) (node, error) {
	value, err := r.row([]byte{'n'}, h)
	if err != nil {
		return node{}, err
	}
	var n node
	switch d := (&bytesOf{value[1:]}); value[0] {
	case 0:
		n = wholeNode(d)
	case 1:
		d.byte() // the position
		base, err := r.node(d.take(32))
		if err != nil {
			return node{}, err
		}
		n = base.apply(d)
		r.deltas++
	default:
		return node{}, fmt.Errorf("the node is stored in form %d", value[0])
	}
	if sum := blake3.Sum256(n.encode()); string(sum[:]) != string(h) {
		return node{}, errors.New("the node has another hash")
	}
	return n, nil
}

// wholeNode decodes a node (section 6.1).
func wholeNode(d *bytesOf) node {
	d.byte() // the version
	n := node{level: d.byte()}
	count := d.uvarint()
	var table [][]byte
	if n.level == 0 {
		for range d.uvarint() {
			table = append(table, takeChange(d))
		}
	}
	before := ""
	for range count {
		name := before[:d.uvarint()] + string(d.string())
		before = name
		body := takeBody(d, n.level, func(d *bytesOf) []byte { return table[d.uvarint()] })
		n.items = append(n.items, item{name, body})
	}
	return n
}

// takeChange takes a change in full.
func takeChange(d *bytesOf) []byte {
	start := d.b
	d.take(16)
	d.uvarint()
	return start[:len(start)-len(d.b)]
}

// takeBody takes what follows the name of an entry or child, and puts what change returns in the place of each change.
func takeBody(d *bytesOf, level byte, change func(*bytesOf) []byte) []byte {
	if level == 0 {
		_, body := readBody(d, change)
		return body
	}
	start := d.b
	d.take(32)
	for range 5 {
		d.uvarint()
	}
	return start[:len(start)-len(d.b)]
}

// encode is the inverse of wholeNode.
func (n node) encode() []byte {
	b := binary.AppendUvarint([]byte{1, n.level}, uint64(len(n.items)))
	var table [][]byte
	if n.level == 0 {
		for _, it := range n.items {
			readBody(&bytesOf{it.body}, func(d *bytesOf) []byte {
				table = append(table, takeChange(d))
				return nil
			})
		}
		slices.SortFunc(table, func(a, b []byte) int {
			genA, _ := binary.Uvarint(a[16:])
			genB, _ := binary.Uvarint(b[16:])
			if genA != genB {
				return int(int64(genA) - int64(genB))
			}
			return bytes.Compare(a[:16], b[:16])
		})
		table = slices.CompactFunc(table, bytes.Equal)
		b = binary.AppendUvarint(b, uint64(len(table)))
		b = append(b, bytes.Join(table, nil)...)
	}
	before := ""
	for _, it := range n.items {
		shared := 0
		for shared < min(len(before), len(it.name)) && before[shared] == it.name[shared] {
			shared++
		}
		before = it.name
		b = binary.AppendUvarint(b, uint64(shared))
		b = binary.AppendUvarint(b, uint64(len(it.name)-shared))
		b = append(b, it.name[shared:]...)
		b = append(b, takeBody(&bytesOf{it.body}, n.level, func(d *bytesOf) []byte {
			c := takeChange(d)
			i := slices.IndexFunc(table, func(t []byte) bool { return bytes.Equal(t, c) })
			return binary.AppendUvarint(nil, uint64(i))
		})...)
	}
	return b
}

// apply returns the node that a delta makes of n (section 6.2).
func (n node) apply(d *bytesOf) node {
	base := n.items
	made := node{level: n.level}
	for len(d.b) > 0 {
		step := d.uvarint()
		count := int(step / 4)
		switch step % 4 {
		case 0:
			made.items = append(made.items, base[:count]...)
			base = base[count:]
		case 1:
			base = base[count:]
		case 2:
			it := base[0]
			middle := d.string()
			last := int(d.uvarint())
			body := slices.Concat(it.body[:count], middle, it.body[len(it.body)-last:])
			made.items = append(made.items, item{it.name, body})
			base = base[1:]
		case 3:
			name := string(d.take(count))
			made.items = append(made.items, item{name, takeBody(d, n.level, takeChange)})
		}
	}
	made.items = append(made.items, base...)
	return made
}
