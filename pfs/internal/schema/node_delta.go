package schema

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
)

// The bytes of a delta
//
// A delta says how a node differs from another one of the same level, its base. It is a list of steps that go through the
// entries (or children) of the base; behind the last step, what is left of the base is copied. In a delta a change is
// written where it belongs, not by way of a table.
//
//	step   = uvarint: code in the low 2 bits, n above
//	copy   = code 0: the next n of the base
//	drop   = code 1: the next n of the base are left out
//	patch  = code 2: the next of the base, with the same name and a new body: n bytes of the old one; uvarint length and
//	         as many bytes; as many of the old one's last bytes as the next uvarint says
//	insert = code 3: a new one: a name of n bytes; body
//
// A body is an entry's, as AppendEntry writes it, or what follows the name of a child in a node.

const (
	stepCopy = iota
	stepDrop
	stepPatch
	stepInsert
)

// AppendDelta appends the delta that makes n from base to b. Both have the same level.
func AppendDelta(b []byte, base, n *Node) []byte {
	d := deltaWriter{b: b}
	i := 0
	for j := range n.count() {
		for i < base.count() && base.compare(i, n, j) < 0 {
			d.run(stepDrop)
			i++
		}
		if i == base.count() || base.compare(i, n, j) != 0 {
			d.insert(n, j)
			continue
		}
		d.pair(base, i, n, j)
		i++
	}
	for ; i < base.count(); i++ {
		d.run(stepDrop)
	}
	if d.code != stepCopy {
		d.flush()
	}
	return d.b
}

// count is the number of entries or children.
func (n *Node) count() int { return len(n.Entries) + len(n.Children) }

// compare orders what is at i in n and at j in o by key.
func (n *Node) compare(i int, o *Node, j int) int {
	if n.Level > 0 {
		return cmp.Compare(n.Children[i].Key, o.Children[j].Key)
	}
	return n.Entries[i].CompareKeys(o.Entries[j])
}

// appendBody appends what is at i in n, without its name.
func (n *Node) appendBody(b []byte, i int) []byte {
	if n.Level > 0 {
		return appendChildBody(b, &n.Children[i])
	}
	return appendBody(b, n.Entries[i], nil)
}

// name is that of what is at i in n, as a delta writes it.
func (n *Node) name(i int) string {
	if n.Level > 0 {
		return n.Children[i].Key
	}
	return n.Entries[i].Name
}

// deltaWriter writes steps, equal ones in a row as one.
type deltaWriter struct {
	b []byte
	// code and n are the run of copies or drops that is not written yet.
	code, n  int
	old, new []byte
}

func (d *deltaWriter) run(code int) {
	if d.code != code {
		d.flush()
		d.code = code
	}
	d.n++
}

func (d *deltaWriter) flush() {
	if d.n > 0 {
		d.step(d.code, d.n)
	}
	d.n = 0
}

func (d *deltaWriter) step(code, n int) {
	d.b = binary.AppendUvarint(d.b, uint64(n)<<2|uint64(code))
}

func (d *deltaWriter) insert(n *Node, j int) {
	d.flush()
	name := n.name(j)
	d.step(stepInsert, len(name))
	d.b = append(d.b, name...)
	d.b = n.appendBody(d.b, j)
}

// pair writes what makes n's j-th of base's i-th, which have one key.
func (d *deltaWriter) pair(base *Node, i int, n *Node, j int) {
	if base.Level == 0 && base.Entries[i] == n.Entries[j] {
		d.run(stepCopy)
		return
	}
	d.old = base.appendBody(d.old[:0], i)
	d.new = n.appendBody(d.new[:0], j)
	if bytes.Equal(d.old, d.new) {
		d.run(stepCopy)
		return
	}
	d.flush()
	prefix := commonPrefix(d.old, d.new)
	suffix := commonSuffix(d.old[prefix:], d.new[prefix:])
	middle := d.new[prefix : len(d.new)-suffix]
	d.step(stepPatch, prefix)
	d.b = binary.AppendUvarint(d.b, uint64(len(middle)))
	d.b = append(d.b, middle...)
	d.b = binary.AppendUvarint(d.b, uint64(suffix))
}

func commonSuffix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// ApplyDelta returns the node that a delta makes from base, or an error that wraps ErrMalformed when b is none for it. The
// node shares base's entries, but no memory with b. Whether the result is the node that was meant, its hash tells: its
// order is not checked here.
func ApplyDelta(base *Node, b []byte) (*Node, error) {
	a := deltaReader{wireReader: newWireReader(b), base: base, node: &Node{Level: base.Level}}
	for len(a.b) > 0 && a.err == nil {
		a.apply()
	}
	a.advance(stepCopy, uint64(base.count()-a.next))
	if a.err != nil {
		return nil, a.err
	}
	if a.node.count() == 0 {
		return nil, fmt.Errorf("%w: a delta leaves nothing", ErrMalformed)
	}
	return a.node, nil
}

// deltaReader applies steps.
type deltaReader struct {
	wireReader
	base *Node
	// next is the place in base.
	next int
	node *Node
	body []byte
}

func (a *deltaReader) apply() {
	step := a.uvarint(1<<32 - 1)
	n := step >> 2
	switch step & 3 {
	case stepCopy, stepDrop:
		a.advance(int(step&3), n)
	case stepPatch:
		a.patch(n)
	case stepInsert:
		a.insert(n)
	}
}

// advance copies or drops the next n of base.
func (a *deltaReader) advance(code int, n uint64) {
	if a.err != nil || n > uint64(a.base.count()-a.next) {
		a.failf("a step goes beyond the base")
		return
	}
	end := a.next + int(n)
	if code == stepCopy && a.base.Level > 0 {
		a.node.Children = append(a.node.Children, a.base.Children[a.next:end]...)
	} else if code == stepCopy {
		a.node.Entries = append(a.node.Entries, a.base.Entries[a.next:end]...)
	}
	a.next = end
}

func (a *deltaReader) patch(prefix uint64) {
	middle := a.take(a.uvarint(MaxEntry))
	suffix := a.uvarint(MaxEntry)
	if a.err != nil || a.next == a.base.count() {
		a.failf("a patch of nothing")
		return
	}
	old := a.base.appendBody(nil, a.next)
	if prefix+suffix > uint64(len(old)) {
		a.failf("a patch keeps more than there is")
		return
	}
	a.body = append(a.body[:0], old[:prefix]...)
	a.body = append(a.body, middle...)
	a.body = append(a.body, old[uint64(len(old))-suffix:]...)
	body := newWireReader(a.body)
	a.add(&body, a.base.name(a.next))
	if err := body.close(); err != nil && a.err == nil {
		a.err = err
	}
	a.next++
}

func (a *deltaReader) insert(length uint64) {
	name := string(a.take(length))
	if len(name) > MaxName+1 {
		a.failf("name of %d bytes", len(name))
	}
	a.add(&a.wireReader, name)
}

// add reads a body from r and appends it to the node.
func (a *deltaReader) add(r *wireReader, name string) {
	if a.base.Level > 0 {
		c := Child{Key: name}
		r.childBody(&c)
		a.node.Children = append(a.node.Children, c)
		return
	}
	e := &Entry{Name: name}
	if r.err == nil && ValidName(name) != nil {
		r.failf("name %q", name)
	}
	r.body(e, nil)
	a.node.Entries = append(a.node.Entries, e)
}
