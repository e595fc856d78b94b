package pfs

import (
	"container/heap"
	"context"
	"errors"
	"slices"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// stay says how long a commit stays.
type stay struct {
	// named is set when a name leads to the commit.
	named bool
	// until is up to when something deleted, or left behind, leads to it; 0 when nothing does.
	until int64
}

// end returns until when a commit without a name stays; the zero time when that is not known.
func (s stay) end() time.Time {
	if s.named || s.until == 0 {
		return time.Time{}
	}
	return timeOf(s.until)
}

// longer reports whether s lasts longer than o.
func (s stay) longer(o stay) bool { return !o.named && (s.named || s.until > o.until) }

// stays tells how long commits stay. It goes from what leads to commits down to their parents, the newest first, and only as
// far as the oldest commit that it was asked about: what that takes depends on how many commits there are since. It belongs to
// one goroutine.
type stays struct {
	store *Store
	known map[schema.ID]stay
	// next are the commits that are known and whose parents are not.
	next waiting
}

// newStays returns one that knows what leads to commits now.
func (s *Store) newStays(ctx context.Context) (*stays, error) {
	st := &stays{store: s, known: map[schema.ID]stay{}}
	err := s.kv.View(ctx, func(r kv.Reader) error {
		for _, id := range s.heldCommits() {
			if err := st.add(r, id, stay{named: true}); err != nil {
				return err
			}
		}
		return eachRow(r, schema.TombPrefix(), func(row kv.Row) error {
			t, err := tombOf(kv.Row{Key: slices.Clone(row.Key), Value: row.Value})
			if err != nil || t.commit.IsZero() {
				return err
			}
			return st.add(r, t.commit, stay{until: t.deleted.Add(s.opts.Grace).UnixNano()})
		})
	})
	return st, err
}

// add notes that something leads to a commit.
func (st *stays) add(r kv.Reader, id schema.ID, s stay) error {
	was, known := st.known[id]
	if known && !s.longer(was) {
		return nil
	}
	st.known[id] = s
	if known {
		return nil // and is to come, since what leads to a commit comes before it
	}
	rec, err := readCommit(r, id)
	if rec != nil {
		heap.Push(&st.next, waitingCommit{id: id, gen: rec.Gen, parents: rec.Parents})
	}
	return err
}

// of returns the record of a commit, nil when it has gone, and how long it stays.
func (st *stays) of(ctx context.Context, id schema.ID) (rec *schema.CommitRecord, s stay, err error) {
	if st.store.isDoomed(id) {
		return nil, stay{}, nil
	}
	err = st.store.kv.View(ctx, func(r kv.Reader) error {
		if rec, err = readCommit(r, id); rec == nil {
			return err
		}
		for len(st.next) > 0 && st.next[0].gen > rec.Gen {
			if err := ctx.Err(); err != nil {
				return err
			}
			c := heap.Pop(&st.next).(waitingCommit)
			for _, parent := range c.parents {
				if err := st.add(r, parent, st.known[c.id]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return rec, st.known[id], err
}

// stayOf returns the record of one commit, nil when it has gone, and how long it stays.
func (s *Store) stayOf(ctx context.Context, id schema.ID) (*schema.CommitRecord, stay, error) {
	st, err := s.newStays(ctx)
	if err != nil {
		return nil, stay{}, err
	}
	return st.of(ctx, id)
}

// readCommit returns the record of a commit, nil when there is none.
func readCommit(r kv.Reader, id schema.ID) (*schema.CommitRecord, error) {
	value, err := r.Get(schema.CommitKey(id))
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec, err := schema.DecodeCommit(value)
	if err != nil {
		return nil, corruptRow("commit "+id.String(), err)
	}
	return &rec, nil
}

// waitingCommit is a commit whose parents are to be looked at.
type waitingCommit struct {
	id      schema.ID
	gen     uint64
	parents []schema.ID
}

// waiting is a heap with the newest commit first.
type waiting []waitingCommit

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].gen > w[j].gen }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }

// Push implements heap.Interface.
func (w *waiting) Push(c any) { *w = append(*w, c.(waitingCommit)) }

// Pop implements heap.Interface.
func (w *waiting) Pop() any {
	last := len(*w) - 1
	c := (*w)[last]
	*w = (*w)[:last]
	return c
}
