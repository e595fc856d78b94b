package pfs

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// logBatch is how many rows of an index are read at a time.
const logBatch = 64

// Log yields the commits of a version's history, following first parents, newest first. With a path, it yields only those
// that changed the file or directory there, or anything below it, each with the entry as it left it; that takes time
// that depends on how many they are, not on how long the history is. An error ends the sequence. Changes that are pending
// are not in a history: see Cut.
func (s *Store) Log(ctx context.Context, ref Ref, path string) iter.Seq2[LogEntry, error] {
	return func(yield func(LogEntry, error) bool) {
		const op = "pfs.Log"
		c, err := s.resolve(ctx, op, ref)
		if err == nil {
			err = CheckPath(path)
		}
		if err != nil {
			yield(LogEntry{}, err)
			return
		}
		h := history{store: s, ctx: ctx, path: path}
		for line, seq := c.rec.Line, c.rec.Seq; line != 0; {
			for c, err := range h.line(line, seq) {
				entry := LogEntry{}
				if err == nil {
					entry, err = h.entry(ref.Repo, c)
				}
				if !yield(entry, wrap(op, err, ref.String(), path)) || err != nil {
					return
				}
			}
			rec, err := s.loadLine(ctx, line)
			if err != nil {
				yield(LogEntry{}, wrap(op, err, ref.String(), path))
				return
			}
			line, seq = rec.Parent, rec.Seq
		}
	}
}

// history reads the path index for one path; for the root, the commits themselves.
type history struct {
	store *Store
	ctx   context.Context
	path  string
}

func (h *history) entry(repo string, c *commit) (LogEntry, error) {
	out := LogEntry{Commit: c.info(repo)}
	if h.path == "" {
		return out, nil
	}
	entry, err := c.stat(h.ctx, h.path)
	if KindOf(err) == KindFileNotFound {
		return out, nil
	}
	out.Entry = &entry
	return out, err
}

// line yields the commits of one line, from seq down, that changed the path.
func (h *history) line(line, seq uint64) iter.Seq2[*commit, error] {
	if h.path == "" {
		return h.all(line, seq)
	}
	return func(yield func(*commit, error) bool) {
		for seq > 0 {
			hits, next, err := h.hits(line, seq)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, hit := range hits {
				c, changed, err := h.verify(line, hit)
				if err != nil || changed {
					if !yield(c, err) || err != nil {
						return
					}
				}
			}
			seq = next
		}
	}
}

// all yields the commits of a line from seq down.
func (h *history) all(line, seq uint64) iter.Seq2[*commit, error] {
	return func(yield func(*commit, error) bool) {
		rec, err := h.store.loadLine(h.ctx, line)
		if err != nil {
			yield(nil, err)
			return
		}
		for ; seq > 0; seq-- {
			c, err := h.store.commitAt(h.ctx, line, seq)
			if err == nil && c == nil && rec.Gaps {
				continue
			}
			if err == nil && c == nil {
				err = &Error{Op: "pfs.Log", Kind: KindCorrupt}
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// hit is a place of a line at which the path was changed; when only maybe, by a change of a whole directory.
type hit struct {
	seq   uint64
	maybe bool
}

// hits returns some places at or below seq, newest first, and where to go on; 0 when that was all.
func (h *history) hits(line, seq uint64) (hits []hit, next uint64, err error) {
	err = h.store.kv.View(h.ctx, func(r kv.Reader) error {
		scan := func(prefix, from []byte, maybe bool) error {
			n := 0
			for row, err := range r.Scan(prefix, from, false) {
				if err != nil {
					return err
				}
				_, _, at, ok := schema.ParseIndexKey(row.Key)
				if !ok {
					return &Error{Op: "pfs.Log", Kind: KindCorrupt}
				}
				hits = append(hits, hit{at, maybe})
				if n++; n == logBatch {
					next = max(next, at-1)
					break
				}
			}
			return nil
		}
		if err := scan(schema.PathPrefix(line, h.path), schema.PathKey(line, h.path, seq), false); err != nil {
			return err
		}
		for dir := h.path; ; dir, _ = splitPath(dir) {
			if err := scan(schema.SubtreePrefix(line, dir), schema.SubtreeKey(line, dir, seq), true); err != nil {
				return err
			}
			if dir == "" {
				return nil
			}
		}
	})
	hits = slices.DeleteFunc(hits, func(a hit) bool { return a.seq <= next })
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.seq, a.seq), compareBool(a.maybe, b.maybe))
	})
	return slices.CompactFunc(hits, func(a, b hit) bool { return a.seq == b.seq }), next, err
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// verify returns the commit of a hit, and whether it did change the path.
func (h *history) verify(line uint64, hit hit) (*commit, bool, error) {
	c, err := h.store.commitAt(h.ctx, line, hit.seq)
	if err != nil || c == nil || !hit.maybe {
		if c == nil && err == nil {
			err = &Error{Op: "pfs.Log", Kind: KindCorrupt}
		}
		return c, true, err
	}
	parent, err := h.store.ancestor(h.ctx, c, 1)
	if err != nil {
		return nil, false, err
	}
	after, up, err := c.look(h.ctx, h.path)
	if err != nil && KindOf(err) != KindFileNotFound {
		return nil, false, err
	}
	there := err == nil
	if parent == nil {
		return c, there, nil
	}
	before, _, err := parent.look(h.ctx, h.path)
	if err != nil && KindOf(err) != KindFileNotFound {
		return nil, false, err
	}
	if there && later(up.placed, after.Placed).Commit == c.id {
		return c, true, nil // It was put there anew, though it may have been the same before.
	}
	if !after.Link.IsZero() && before.Link == after.Link {
		before.NLink, before.Ctime = after.NLink, after.Ctime // A name more or fewer elsewhere is no change here.
	}
	return c, there != (err == nil) || there && !before.Equal(&after.Entry), nil
}
