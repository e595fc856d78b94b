package schema

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// DecodeEntry is the reverse of AppendEntry. It returns an error that wraps ErrMalformed for bytes that AppendEntry would
// not have written. The entry shares no memory with b.
func DecodeEntry(b []byte) (Entry, error) {
	var e Entry
	r := newWireReader(b)
	e.Name = r.text(MaxName)
	if e.Name != "" && r.err == nil && ValidName(e.Name) != nil {
		r.failf("name %q", e.Name)
	}
	r.body(&e, nil)
	return e, r.close()
}

// body reads all of e but its name. The used flags of a leaf's table are set for the changes that e refers to.
func (r *wireReader) body(e *Entry, table *readTable) {
	head := r.byte()
	e.Kind = Kind(head & headKind)
	if head&^(headKind|headMeta|headTimes|headNLink|headBirth) != 0 {
		r.failf("head %#x", head)
	}
	if head&headBirth != 0 {
		if e.Birth = r.fixed64(); e.Birth == 0 {
			r.failf("a birth of zeros")
		}
	}
	e.Mode = uint32(r.uvarint(maxMode))
	e.UID = uint32(r.uvarint(math.MaxUint32))
	e.GID = uint32(r.uvarint(math.MaxUint32))
	e.Mtime = r.int()
	e.Ctime, e.Btime = e.Mtime, e.Mtime
	if head&headTimes != 0 {
		e.Ctime += r.int()
		e.Btime += r.int()
		if e.Ctime == e.Mtime && e.Btime == e.Mtime {
			r.failf("times are written that need not be")
		}
	}
	e.Changed = r.tableChange(table)
	if head&headNLink != 0 {
		e.NLink = uint32(r.uvarint(math.MaxUint32))
		if e.NLink == 0 {
			r.failf("no links")
		}
	}
	r.kind(e, table)
	if head&headMeta != 0 {
		e.Meta = r.meta()
	}
	if r.err == nil {
		if err := e.validBody(); err != nil {
			r.failf("%w", err)
		}
	}
}

// kind reads what only entries of e's kind have.
func (r *wireReader) kind(e *Entry, table *readTable) {
	switch e.Kind {
	case KindFile:
		r.content(&e.Content)
	case KindDir:
		r.dir(e, table)
	case KindSymlink:
		e.Target = r.text(MaxTarget)
	case KindCharDevice, KindBlockDevice:
		e.Device = r.uvarint(math.MaxUint64)
	case KindLink:
		e.Link = r.id()
	case KindFifo, KindSocket:
	default:
		r.failf("kind %d", e.Kind)
	}
}

func (r *wireReader) content(c *Content) {
	flags := r.byte()
	if flags&^(fileRootKind|fileSparse) != 0 {
		r.failf("flags %#x of a file", flags)
	}
	c.Kind = RootKind(flags & fileRootKind)
	c.Sparse = flags&fileSparse != 0
	c.Size = int64(r.uvarint(math.MaxInt64))
	c.Hash = r.hash()
	switch c.Kind {
	case RootChunk:
		c.Root = c.Hash
	case RootWindow, RootNode:
		c.Root = r.hash()
	}
}

func (r *wireReader) dir(e *Entry, table *readTable) {
	flags := r.byte()
	if flags&^(dirExplicit|dirRoot|dirPlaced) != 0 {
		r.failf("flags %#x of a directory", flags)
	}
	e.Explicit = flags&dirExplicit != 0
	if flags&dirRoot != 0 {
		if e.Root = r.hash(); e.Root.IsZero() {
			r.failf("a root of zeros")
		}
	}
	e.Totals = r.totals()
	if flags&dirPlaced != 0 {
		if e.Placed = r.tableChange(table); e.Placed == (Change{}) {
			r.failf("placed by none")
		}
	}
}

func (r *wireReader) totals() Totals {
	const most = math.MaxUint64
	return Totals{Files: r.uvarint(most), Dirs: r.uvarint(most), Bytes: r.uvarint(most), Links: r.uvarint(most)}
}

func (r *wireReader) meta() *Meta {
	m := &Meta{}
	parts := r.byte()
	if parts == 0 || parts&^metaAll != 0 {
		r.failf("parts %#x of metadata", parts)
	}
	if parts&metaContentType != 0 {
		if m.ContentType = r.text(MaxEntry); m.ContentType == "" {
			r.failf("empty content type")
		}
	}
	for i, strs := range [...]*map[string]string{&m.Headers, &m.User, &m.Tags, &m.Checksums} {
		if parts&(metaHeaders<<i) != 0 {
			*strs = readMap(r, func(b []byte) string { return string(b) })
		}
	}
	if parts&metaXattrs != 0 {
		m.Xattrs = readMap(r, func(b []byte) []byte { return append([]byte{}, b...) })
	}
	return m
}

// readMap reads a map, whose keys must ascend.
func readMap[V any](r *wireReader, value func([]byte) V) map[string]V {
	n := r.uvarint(uint64(len(r.b)))
	if n == 0 {
		r.failf("empty map")
		return nil
	}
	m := make(map[string]V, min(n, 64))
	last := ""
	for i := range n {
		k := r.text(MaxEntry)
		v := r.take(r.uvarint(MaxEntry))
		if i > 0 && k <= last {
			r.failf("keys are out of order")
		}
		if r.err != nil {
			return nil
		}
		m[k], last = value(v), k
	}
	return m
}

// readTable is the table of changes of a leaf that is being read.
type readTable struct {
	changes []Change
	used    []bool
}

// table reads a leaf's table of changes.
func (r *wireReader) table() *readTable {
	// A change takes at least 17 bytes.
	n := r.uvarint(uint64(len(r.b)) / 17)
	t := &readTable{changes: make([]Change, n), used: make([]bool, n)}
	for i := range t.changes {
		t.changes[i] = r.change()
		if i > 0 && compareChanges(t.changes[i-1], t.changes[i]) >= 0 {
			r.failf("changes are out of order")
		}
	}
	return t
}

func (r *wireReader) change() Change {
	return Change{Commit: r.id(), Gen: r.uvarint(math.MaxUint64)}
}

// tableChange reads a change by way of the table, when there is one.
func (r *wireReader) tableChange(t *readTable) Change {
	if t == nil {
		return r.change()
	}
	i := r.uvarint(math.MaxUint64)
	if i >= uint64(len(t.changes)) {
		r.failf("no change %d in the table", i)
		return Change{}
	}
	t.used[i] = true
	return t.changes[i]
}

// compareChanges orders changes by generation: those of later commits come behind.
func compareChanges(a, b Change) int {
	if c := cmp.Compare(a.Gen, b.Gen); c != 0 {
		return c
	}
	return bytes.Compare(a.Commit[:], b.Commit[:])
}

// newChangeTable collects the distinct changes of entries.
func newChangeTable(entries []*Entry) changeTable {
	t := make(changeTable, 0, len(entries))
	for _, e := range entries {
		// Neighbours are often of one commit, which keeps the sort short.
		if len(t) == 0 || t[len(t)-1] != e.Changed {
			t = append(t, e.Changed)
		}
		if e.Kind == KindDir && e.Placed != (Change{}) {
			t = append(t, e.Placed)
		}
	}
	slices.SortFunc(t, compareChanges)
	return slices.Compact(t)
}
