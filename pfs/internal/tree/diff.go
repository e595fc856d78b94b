package tree

import (
	"context"
	"iter"
	"strings"
)

// Delta is a difference between two directories: what stands under one sort key. Old is nil for an entry that was added,
// New for one that was removed. A name that changed from a file to a directory, or back, has two Deltas, since its key
// changed; others may come between them.
type Delta struct {
	Key      string
	Old, New *Entry
}

// Diff yields how b differs from a, in order of keys, at this one level: a directory in both whose tree changed is a
// Delta with both of its trees, for the caller to go into. An unsaved directory counts as changed unless it is the
// same in memory. What a and b are known to share is skipped: for saved directories, the cost depends on how much
// differs. An error ends the sequence, as its last pair.
func Diff(ctx context.Context, a, b *Dir) iter.Seq2[Delta, error] { return DiffFrom(ctx, a, b, "") }

// DiffFrom is Diff from the first key that is not before from. Getting there takes time that is logarithmic in the number of
// entries.
func DiffFrom(ctx context.Context, a, b *Dir, from string) iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) {
		if a.Same(b) {
			return
		}
		w := differ{ctx: ctx, yield: yield}
		err := w.begin(a, b, from)
		for err == nil && !w.stopped && !(w.a.done() && w.b.done()) {
			err = w.step()
		}
		if err != nil && !w.stopped {
			yield(Delta{}, err)
		}
	}
}

// differ goes through two trees at once.
type differ struct {
	ctx     context.Context
	a, b    *cursor
	yield   func(Delta, error) bool
	stopped bool
}

func (w *differ) begin(a, b *Dir, from string) (err error) {
	if w.a, err = newCursor(w.ctx, a.s, a.top); err != nil {
		return err
	}
	if w.b, err = newCursor(w.ctx, b.s, b.top); err != nil || from == "" {
		return err
	}
	if err = w.a.seek(w.ctx, 0, from, false); err != nil {
		return err
	}
	return w.b.seek(w.ctx, 0, from, false)
}

// step goes on with both cursors, or the one that is behind. A node that both have is skipped where both cursors come to
// it at the same time, which they do soon after a difference: nodes of equal entries end at the same keys.
func (w *differ) step() error {
	switch {
	case w.a.done():
		return w.only(w.b)
	case w.b.done():
		return w.only(w.a)
	case w.a.level() > w.b.level():
		return w.a.down(w.ctx)
	case w.a.level() < w.b.level():
		return w.b.down(w.ctx)
	case w.a.level() == 0:
		w.entries()
		return nil
	case w.a.item().ref.same(w.b.item().ref):
		w.a.next()
		w.b.next()
		return nil
	}
	if err := w.a.down(w.ctx); err != nil {
		return err
	}
	return w.b.down(w.ctx)
}

// only takes what one side has behind the end of the other.
func (w *differ) only(c *cursor) error {
	if c.level() > 0 {
		return c.down(w.ctx)
	}
	if c == w.a {
		w.emit(c.item(), nil)
	} else {
		w.emit(nil, c.item())
	}
	c.next()
	return nil
}

// entries compares the two entries under the cursors.
func (w *differ) entries() {
	a, b := w.a.item(), w.b.item()
	switch order := strings.Compare(a.key, b.key); {
	case order < 0:
		w.emit(a, nil)
		w.a.next()
	case order > 0:
		w.emit(nil, b)
		w.b.next()
	default:
		if !a.same(b) {
			w.emit(a, b)
		}
		w.a.next()
		w.b.next()
	}
}

// emit yields a difference, unless both entries are equal.
func (w *differ) emit(a, b *item) {
	var d Delta
	if a != nil {
		old := a.out(w.a.s)
		d.Key, d.Old = a.key, &old
	}
	if b != nil {
		entry := b.out(w.b.s)
		d.Key, d.New = b.key, &entry
	}
	if a != nil && b != nil && d.Old.equal(d.New) {
		return
	}
	w.stopped = !w.yield(d, nil)
}

// equal reports whether both entries are known to be the same, with all below them.
func (e *Entry) equal(o *Entry) bool {
	a, b := e.Entry, o.Entry
	if e.Sub != nil && o.Sub != nil {
		if !e.Sub.Same(o.Sub) {
			return false
		}
		a.Root = b.Root
	}
	return a.Equal(&b)
}
