package pfs

import (
	"context"
	"errors"
	"strings"

	"pfsd/pfs/internal/schema"
)

// maxWhy bounds what is kept of the reason for a move, in bytes.
const maxWhy = 1 << 10

// move says where a branch goes that is given another head than its next commit, and why.
type move struct {
	to  *commit
	why string
}

// moveTo makes a commit the head of the branch, on a line of its own.
func (w *working) moveTo(c *commit, why string) {
	w.move = &move{to: c, why: why}
	w.head, w.view, w.changed = c, c.view, w.group.now
	w.line, w.seq, w.moved = w.group.putLine(w.branch.repo, c), 0, true
}

// noteMove keeps why the branch has moved since a state, if it has, and has the commits that it left stay for a grace period.
func (w *working) noteMove(ctx context.Context, before *state, by By) error {
	if w.line == before.line {
		return nil
	}
	head, place := w.head.id, w.seq
	if w.pending != nil {
		head, place = w.pending.change.Commit, w.seq+1
	}
	w.group.putMove(w.line, by, schema.MoveRecord{
		Why: w.move.why, Head: head, Place: place, Line: before.line, Seq: before.seq, Old: before.head.id,
	})
	return w.group.leave(ctx, w.branch.repo, w.branch.name, w.move.to, before.head)
}

// putMove adds the row that says why a branch began a line: rec, once it has what all have in common.
func (g *group) putMove(line uint64, by By, rec schema.MoveRecord) {
	rec.Time, rec.Origin, rec.Author = g.now, uint8(by.Origin), by.Author
	if len(rec.Why) > maxWhy {
		rec.Why = strings.ToValidUTF8(rec.Why[:maxWhy], "")
	}
	g.put(schema.MoveKey(line), rec.Append(nil))
}

// leave has a commit stay for a grace period from now on, unless it is in the history of head, nil for none. The name is that
// of the branch that leaves it.
func (g *group) leave(ctx context.Context, r *repo, name string, head, c *commit) error {
	if head != nil {
		if in, err := g.store.inHistory(ctx, head, c); err != nil || in {
			return err
		}
	}
	rec := schema.TombstoneRecord{Repo: r.name, Record: []byte(name)}
	g.put(schema.TombKey(r.id, schema.CommitPrefix()[0], c.id.String(), g.now), rec.Append(nil))
	return nil
}

// becauseOf returns the reason for a move: what was done, and the message that somebody gave with it.
func becauseOf(done, message string) string {
	message, _, _ = strings.Cut(message, "\n")
	if message == "" || message == done {
		return done
	}
	return done + ": " + message
}

var errMove = errors.New("the branch was on a later line before")

// loadMove returns why a branch began a line; nil when that is not known.
func (s *Store) loadMove(ctx context.Context, line uint64) (*schema.MoveRecord, error) {
	value, err := s.getRow(ctx, schema.MoveKey(line))
	if err != nil || value == nil {
		return nil, err
	}
	rec, err := decodeMove(line, value)
	if err != nil {
		return nil, corruptRow("move of a branch", err)
	}
	return &rec, nil
}

// decodeMove decodes the record of a move to a line.
func decodeMove(line uint64, value []byte) (schema.MoveRecord, error) {
	rec, err := schema.DecodeMove(value)
	if err == nil && rec.Line >= line {
		err = errMove
	}
	return rec, err
}
