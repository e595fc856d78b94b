package pfs

import (
	"context"
	"iter"
	"slices"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// Head is a commit that a branch had as its last one, and how it came to that.
type Head struct {
	ID CommitID
	// Time is when the branch got it, and Origin and Author whose change that was; zero when that is not known, as of what
	// programs did that kept no moves.
	Time   time.Time
	Origin Origin
	Author string
	// Moved is set when the branch was moved to the commit, rather than the commit made as its next one.
	Moved bool
	// Why is the reason for a move, else the message of the commit.
	Why string
	// Named is set when a name leads to the commit. Gone is set when it is no longer there. Else it stays at least until
	// Until; when that is not known it is the zero time.
	Named, Gone bool
	Until       time.Time
}

// Reflog yields each head that a branch had, the newest first: the commits that were made on it, and those that it was
// moved to when it was made, by Reset, by Squash, or by a Merge without a commit of its own. Commits that were thinned out are
// missing. A move is known for Options.Grace after the next one, and as long as any commit of the time between is there; the
// heads before one that is not known are missing. Changes that are pending are no head: see Cut. An error ends the sequence: of KindRepoNotFound, KindBranchNotFound, or KindInvalid when ref is an open
// commit.
func (s *Store) Reflog(ctx context.Context, ref Ref) iter.Seq2[Head, error] {
	return func(yield func(Head, error) bool) {
		const op = "pfs.Reflog"
		if s.workspaceOf(ref) != nil {
			yield(Head{}, &Error{Op: op, Kind: KindInvalid, Ref: ref.String(), Err: errWorkspace})
			return
		}
		if !ref.IsBranch() {
			yield(Head{}, &Error{Op: op, Kind: KindBranchNotFound, Ref: ref.String()})
			return
		}
		b, err := s.branch(op, ref)
		if err != nil {
			yield(Head{}, err)
			return
		}
		st := b.state.Load()
		l := reflog{store: s, ctx: ctx, head: st.head, yield: yield}
		if err := l.run(st.line, st.seq, st.head.id); err != nil {
			yield(Head{}, wrap(op, err, ref.String(), ""))
		}
	}
}

// reflog goes over the heads of a branch.
type reflog struct {
	store *Store
	ctx   context.Context
	// head is the last commit of the branch now.
	head  *commit
	stays *stays
	// yield takes the heads, until it reports false; ended is set then.
	yield func(Head, error) bool
	ended bool
}

// run goes from line to line, beginning at a place where the head is last.
func (l *reflog) run(line, seq uint64, last schema.ID) error {
	for line != 0 && !l.ended {
		move, err := l.store.loadMove(l.ctx, line)
		if err == nil {
			err = l.line(line, seq, last, move)
		}
		if err != nil || move == nil {
			return err
		}
		line, seq, last = move.Line, move.Seq, move.Old
	}
	return nil
}

// line yields the heads that the branch had on a line, up to a place at which the head was last: those made there, and the one
// that the branch was moved to.
func (l *reflog) line(line, seq uint64, last schema.ID, move *schema.MoveRecord) error {
	var place uint64
	if move != nil {
		place = move.Place
	}
	if err := l.made(line, seq, place, last); err != nil || l.ended {
		return err
	}
	if move == nil {
		return l.began(line, seq, last)
	}
	return l.show(move.Head, Head{
		Time: timeOf(move.Time), Origin: Origin(move.Origin), Author: move.Author, Why: move.Why, Moved: true,
	})
}

// made yields the commits at the places of a line from seq down to the one above place. The first of them is last, which may
// have gone.
func (l *reflog) made(line, seq, place uint64, last schema.ID) error {
	for first := true; seq > place && !l.ended; first = false {
		ids, next, err := l.places(line, seq, place)
		if err != nil {
			return err
		}
		if first && (len(ids) == 0 || ids[0] != last) {
			ids = slices.Insert(ids, 0, last)
		}
		for _, id := range ids {
			if err := l.show(id, Head{}); err != nil || l.ended {
				return err
			}
		}
		seq = next
	}
	return nil
}

// places returns the commits at some places of a line, from seq down and above place, and the place to go on at.
func (l *reflog) places(line, seq, place uint64) (ids []schema.ID, next uint64, err error) {
	err = l.store.kv.View(l.ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(schema.SeqPrefix(line), schema.SeqKey(line, seq), true) {
			if err != nil {
				return err
			}
			at, ok := schema.ParseSeqKey(row.Key)
			if !ok || len(row.Value) != len(schema.ID{}) {
				return corruptRow("place", schema.ErrInvalid)
			}
			if at <= place {
				return nil
			}
			if len(ids) == logBatch {
				next = at
				return nil
			}
			ids = append(ids, schema.ID(row.Value))
		}
		return nil
	})
	return ids, next, err
}

// began yields the commit that a line left another at, when it is not known why.
func (l *reflog) began(line, seq uint64, last schema.ID) error {
	if seq == 0 {
		return l.show(last, Head{Moved: true})
	}
	value, err := l.store.getRow(l.ctx, schema.LineKey(line))
	if err != nil || value == nil {
		return err
	}
	rec, err := l.store.loadLine(l.ctx, line)
	if err != nil || rec.Parent == 0 {
		return err
	}
	value, err = l.store.getRow(l.ctx, schema.SeqKey(rec.Parent, rec.Seq))
	if err != nil || value == nil {
		return err
	}
	var id schema.ID
	copy(id[:], value)
	return l.show(id, Head{Moved: true})
}

// show yields a commit as a head, with how long it stays; unless it was a move, with what the commit says of itself.
func (l *reflog) show(id schema.ID, h Head) error {
	rec, left, err := l.look(id)
	if err != nil {
		return err
	}
	h.ID, h.Gone, h.Named, h.Until = id, rec == nil, left.named, left.end()
	if rec != nil && !h.Moved {
		h.Time, h.Origin, h.Author, h.Why = timeOf(rec.Time), Origin(rec.Origin), rec.Author, rec.Message
	}
	l.ended = !l.yield(h, nil)
	return nil
}

// look returns the record of a commit, nil when it has gone, and how long it stays. Only for one that is not in the branch's
// history it is asked what else leads to it.
func (l *reflog) look(id schema.ID) (*schema.CommitRecord, stay, error) {
	c, err := l.store.loadCommit(l.ctx, id)
	if err != nil || c == nil || c.id != id {
		return nil, stay{}, err
	}
	in, err := l.store.inHistory(l.ctx, l.head, c)
	if err != nil || in {
		return &c.rec, stay{named: true}, err
	}
	if l.stays == nil {
		if l.stays, err = l.store.newStays(l.ctx); err != nil {
			return nil, stay{}, err
		}
	}
	return l.stays.of(l.ctx, id)
}
