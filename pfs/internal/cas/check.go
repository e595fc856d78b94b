package cas

import (
	"context"
	"errors"

	"lukechampine.com/blake3"

	"pfsd/chunker"
	"pfsd/pfs/internal/schema"
)

// Checker looks whether contents are stored as they should be. It remembers what it has looked at, so that the chunks and
// records that contents share are looked at once, though a fault in them is reported for each. It is for one goroutine at a
// time.
type Checker struct {
	s      *Store
	deep   bool
	report func(error)
	// Pace is called, if it is not nil, before so many bytes are read and hashed. Its error ends the check.
	Pace func(ctx context.Context, n int64) error
	seen map[schema.Hash]error // what was wrong with the record or chunk of that hash and all below; nil for nothing
}

// NewChecker returns a Checker that hands what is wrong with each content, an ErrCorrupt, to report. A deep one reads and
// hashes all bytes; others see to it that each record is sound and that each chunk has a row, of a place that is there.
func (s *Store) NewChecker(deep bool, report func(error)) *Checker {
	return &Checker{s: s, deep: deep, report: report, seen: map[schema.Hash]error{}}
}

// Check is Content of a new Checker.
func (s *Store) Check(ctx context.Context, c schema.Content, deep bool, report func(error)) error {
	return s.NewChecker(deep, report).Content(ctx, c)
}

// Content checks c, and reports at most once. It returns an error only when it cannot go on:
// ctx's, or one of the stores that says nothing about what they hold.
func (k *Checker) Content(ctx context.Context, c schema.Content) error {
	return k.fault(k.content(ctx, c))
}

// Part checks p as Content does.
func (k *Checker) Part(ctx context.Context, p Part) error {
	if p.Size == 0 {
		return nil
	}
	v := k.s.viewPart(p)
	_, err := k.subtree(ctx, v, v.level, child{hash: p.Root, size: v.end - v.base}, v.base)
	if err == nil && k.deep {
		err = k.bytes(ctx, &Reader{v}, p.Hash)
	}
	return k.fault(err)
}

// fault reports err if it says that something is corrupt, and returns it if not.
func (k *Checker) fault(err error) error {
	if errors.Is(err, ErrCorrupt) {
		k.report(err)
		return nil
	}
	return err
}

func (k *Checker) content(ctx context.Context, c schema.Content) error {
	v := k.s.viewContent(c)
	switch {
	case c.Kind == schema.RootEmpty:
		if c != (schema.Content{Hash: schema.Hash(blake3.Sum256(nil))}) {
			return corrupt("content", c.Hash, "it is not empty, but has no root")
		}
		return nil
	case c.Kind == schema.RootChunk:
		if c.Root != c.Hash || c.Size <= 0 || c.Size > chunker.Max || c.Sparse {
			return corrupt("content", c.Hash, "it cannot be one chunk of %d bytes", c.Size)
		}
		return k.chunk(ctx, c.Root, c.Size)
	case c.Size <= 0 || (c.Kind == schema.RootNode) != (v.level > 0):
		return corrupt("content", c.Hash, "root of kind %d for %d bytes", c.Kind, c.Size)
	}
	top, err := k.subtree(ctx, v, v.level, child{hash: c.Root, size: c.Size}, 0)
	if err != nil {
		return err
	}
	return k.hash(ctx, v, c, top.holes)
}

// hash checks the hash of a content whose records are sound, and whether it should be one of its bytes.
func (k *Checker) hash(ctx context.Context, v *view, c schema.Content, holes int64) error {
	if c.Sparse != (holes > k.s.sparseLimit) {
		return corrupt("content", c.Hash, "%d bytes of holes, sparse is %t", holes, c.Sparse)
	}
	want := c.Hash
	switch {
	case c.Sparse:
		want = c.Root
	case v.level > 0:
		n, err := k.node(ctx, c.Root)
		if err != nil {
			return err
		}
		want = rootHash(merge(n.cvs()))
	case c.Size > groupSize:
		w, err := k.readWindow(ctx, c.Root)
		if err != nil {
			return err
		}
		want = rootHash(merge(w.groups))
	case k.deep:
		return k.bytes(ctx, &Reader{v}, c.Hash)
	}
	if want != c.Hash {
		return corrupt("content", c.Hash, "its records have the hash %v", want)
	}
	return nil
}

// bytes checks that what r reads has the hash want.
func (k *Checker) bytes(ctx context.Context, r *Reader, want schema.Hash) error {
	h := blake3.New(32, nil)
	if _, err := r.CopyTo(ctx, h, 0, r.Size()); err != nil {
		return err
	}
	if got := schema.Hash(h.Sum(nil)); got != want {
		return corrupt("content", want, "its bytes have the hash %v", got)
	}
	return nil
}

func (k *Checker) node(ctx context.Context, h schema.Hash) (*node, error) {
	n, _, err := read(ctx, k.s, h, "node", decodeNode)
	return n, err
}

func (k *Checker) readWindow(ctx context.Context, h schema.Hash) (*window, error) {
	w, _, err := read(ctx, k.s, h, "window", decodeWindow)
	return w, err
}

// subtree checks the subtree c of v that begins at a file offset, and returns it with what its record says of it.
func (k *Checker) subtree(ctx context.Context, v *view, level int, c child, offset int64) (child, error) {
	if level == 0 {
		return k.window(ctx, v, c, offset)
	}
	n, err := k.node(ctx, c.hash)
	if err != nil {
		return c, err
	}
	if n.level != level || n.size() != c.size || n.dense != v.dense {
		return c, corrupt("node", c.hash, "level %d, %d bytes; not level %d, %d bytes", n.level, n.size(), level, c.size)
	}
	got := n.sum()
	got.hash = c.hash
	if err, ok := k.seen[c.hash]; ok {
		return got, err
	}
	var faults []error
	for i, below := range n.children {
		at := offset + int64(i)*span(level-1)
		if below.hash.IsZero() {
			if k.deep && n.dense && below.cv != zeroCV(at, below.size) {
				faults = append(faults, corrupt("node", c.hash, "the hole at %d has another chaining value", at))
			}
			continue
		}
		sum, err := k.subtree(ctx, v, level-1, below, at)
		if err == nil && (sum.holes != below.holes || n.dense && sum.cv != below.cv) {
			err = corrupt("node", c.hash, "its child %v has another chaining value or other holes", below.hash)
		}
		if err != nil && !errors.Is(err, ErrCorrupt) {
			return c, err
		}
		faults = append(faults, err)
	}
	err = errors.Join(faults...)
	k.seen[c.hash] = err
	return got, err
}

// window checks a window as subtree does.
func (k *Checker) window(ctx context.Context, v *view, c child, offset int64) (child, error) {
	if err := ctx.Err(); err != nil {
		return c, err
	}
	w, err := k.readWindow(ctx, c.hash)
	if err != nil {
		return c, err
	}
	if int64(w.end()) != c.size || int64(w.lead) != max(0, v.off-offset) {
		return c, corrupt("window", c.hash, "%d bytes from %d on, not %d", w.size, w.lead, c.size)
	}
	got := child{hash: c.hash, size: c.size, holes: w.holes()}
	if w.lead == 0 {
		got.cv = mergeCV(w.groups)
	}
	if err, ok := k.seen[c.hash]; ok {
		return got, err
	}
	var faults []error
	for _, e := range w.extents {
		if e.hole() {
			continue
		}
		err := k.chunk(ctx, e.hash, int64(e.size))
		if err != nil && !errors.Is(err, ErrCorrupt) {
			return c, err
		}
		faults = append(faults, err)
	}
	if err = errors.Join(faults...); err == nil && k.deep && !v.part {
		err = k.groups(ctx, v, w, offset)
	}
	k.seen[c.hash] = err
	return got, err
}

// groups checks the chaining values of w, the window of v at a file offset, against its bytes.
func (k *Checker) groups(ctx context.Context, v *view, w *window, offset int64) error {
	f := feed{offset: offset}
	defer f.release()
	buf := buffers.Get().(*[chunker.Max]byte)
	defer buffers.Put(buf)
	end := offset + int64(w.size)
	for f.offset < end {
		p := buf[:min(int64(len(buf)), end-f.offset)]
		if _, err := v.readAt(ctx, p, f.offset); err != nil {
			return err
		}
		f.write(p)
	}
	for i, g := range f.take() {
		if g != w.groups[i] {
			return corrupt("window", v.root, "the bytes of the MiB at %d have another hash", offset+int64(i)*groupSize)
		}
	}
	return nil
}

// chunk checks that the chunk h has a row, of one of the given size, and a place; a deep Checker, that its bytes have that hash.
func (k *Checker) chunk(ctx context.Context, h schema.Hash, size int64) error {
	if err, ok := k.seen[h]; ok {
		return err
	}
	err := k.readChunk(ctx, h, size)
	if err == nil || errors.Is(err, ErrCorrupt) {
		k.seen[h] = err
	}
	return err
}

func (k *Checker) readChunk(ctx context.Context, h schema.Hash, size int64) error {
	if !k.deep {
		return k.s.findChunk(ctx, h, size)
	}
	if k.Pace != nil {
		if err := k.Pace(ctx, size); err != nil {
			return err
		}
	}
	buf := buffers.Get().(*[chunker.Max]byte)
	defer buffers.Put(buf)
	p := buf[:size]
	if err := k.s.readChunk(ctx, h, size, p, 0); err != nil {
		return err
	}
	if got := schema.Hash(blake3.Sum256(p)); got != h {
		return corrupt("chunk", h, "its bytes have the hash %v", got)
	}
	return nil
}
