package pfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// errMissing is for a row that must be there.
var errMissing = errors.New("it is missing")

// load reads what the store keeps in memory: counters, repos, branches with their heads, and tags.
func (s *Store) load(ctx context.Context) error {
	meta, err := s.getRow(ctx, schema.MetaKey())
	if err != nil {
		return err
	}
	if meta != nil {
		s.counters, err = schema.DecodeStore(meta)
	}
	if meta == nil || err != nil {
		missing := cmp.Or(err, errMissing)
		if s.counters, err = s.countAgain(ctx); err != nil {
			return err
		}
		if s.counters != (schema.StoreRecord{}) { // else it is a new store, which has none
			s.damage("", corruptRow("the store's own record", missing))
		}
	} else if err := s.countOn(ctx); err != nil {
		return err
	}
	rows, err := s.rows(ctx, schema.RepoPrefix())
	if err == nil {
		rows, err = s.dropFormerNames(ctx, rows)
	}
	if err != nil {
		return err
	}
	for _, row := range rows {
		name := string(row.Key[len(schema.RepoPrefix()):])
		rec, err := schema.DecodeRepo(row.Value)
		if err != nil {
			s.damaged[name] = s.damage(name, corruptRow("repo "+name, err))
			continue
		}
		r := newRepo(name, rec)
		s.repos[name] = r
		if err := cmp.Or(s.loadBranches(ctx, r), s.loadTags(ctx, r)); err != nil {
			return err
		}
	}
	return s.loadOpen(ctx)
}

func (s *Store) loadBranches(ctx context.Context, r *repo) error {
	prefix := schema.BranchPrefix(r.id)
	rows, err := s.rows(ctx, prefix)
	if err != nil {
		return err
	}
	for _, row := range rows {
		name := string(row.Key[len(prefix):])
		b, err := s.loadBranch(ctx, r, name, row.Value)
		ref := BranchRef(r.name, name).String()
		switch err = wrap("pfs.Open", err, ref, ""); {
		case KindOf(err) == KindCorrupt:
			r.damaged[name] = s.damage(ref, err)
		case err != nil:
			return err
		default:
			r.branches[name] = b
			s.notePending(b, false)
		}
	}
	return nil
}

func (s *Store) loadBranch(ctx context.Context, r *repo, name string, value []byte) (*branch, error) {
	rec, err := schema.DecodeBranch(value)
	if err != nil {
		return nil, corruptRow("branch", err)
	}
	b := &branch{repo: r, name: name, created: rec.Created, bare: rec.Bare, keep: rec.Keep}
	b.settings.Store(&rec.Settings)
	st, err := s.loadState(ctx, r, rec)
	if err != nil {
		return nil, err
	}
	b.state.Store(st)
	return b, nil
}

// damage tells the operator that something of the store cannot be used, while the rest can, and returns why. What is there
// of it is left as it is.
func (s *Store) damage(ref string, err error) error {
	s.log.Error("a record of the store is damaged; all else is served, and pfsd fsck says more", "of", ref, "err", err)
	return err
}

// countOn raises the counters after a salvage, in which the newest may have been lost, to what follows from what is there.
func (s *Store) countOn(ctx context.Context) error {
	held, err := s.salvaged(ctx)
	if err != nil || held == nil || len(held.Lost) == 0 {
		return err
	}
	again, err := s.countAgain(ctx)
	s.counters.Gen, s.counters.Line = max(s.counters.Gen, again.Gen), max(s.counters.Line, again.Line)
	return err
}

// countAgain returns the counters as they follow from what is there.
func (s *Store) countAgain(ctx context.Context) (schema.StoreRecord, error) {
	var counters schema.StoreRecord
	err := s.kv.View(ctx, func(r kv.Reader) error {
		err := eachRow(r, schema.CommitPrefix(), func(row kv.Row) error {
			if rec, err := schema.DecodeCommit(row.Value); err == nil {
				counters.Gen, counters.Line = max(counters.Gen, rec.Gen), max(counters.Line, rec.Line)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, prefix := range [][]byte{schema.LinePrefix(), schema.MovePrefix(), schema.AllSeqs()} {
			err := eachRow(r, prefix, func(row kv.Row) error {
				if line, ok := schema.ParseLineKey(row.Key); ok {
					counters.Line = max(counters.Line, line)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		// A line that nothing is on yet may be known by its branch alone.
		return eachRow(r, schema.AllBranches(), func(row kv.Row) error {
			if rec, err := schema.DecodeBranch(row.Value); err == nil {
				counters.Line = max(counters.Line, rec.Line)
			}
			return nil
		})
	})
	// Pending changes and workspaces have generations of their own, of which there are never as many.
	if counters.Gen > 0 {
		counters.Gen += 1 << 32
	}
	return counters, err
}

// loadState makes of a branch's record what it shows.
func (s *Store) loadState(ctx context.Context, r *repo, rec schema.BranchRecord) (*state, error) {
	head, err := s.commitOf(ctx, r, rec.Head)
	if err == nil && head == nil {
		err = corruptRow("commit "+rec.Head.String(), errors.New("missing"))
	}
	if err != nil {
		return nil, err
	}
	st := &state{head: head, line: rec.Line, seq: rec.Seq, view: head.view, changed: max(head.rec.Time, rec.Created)}
	if p := rec.Pending; p != nil {
		if st.view, err = s.storedView(ctx, p.Root, p.Links); err != nil {
			return nil, err
		}
		st.changed = p.Time
		st.pending = &pending{
			change: schema.Change{Commit: p.ID, Gen: p.Gen}, time: p.Time, since: p.Time,
			by: By{Origin: Origin(p.Origin), Author: p.Author},
		}
	}
	return st, nil
}

func (s *Store) loadTags(ctx context.Context, r *repo) error {
	prefix := schema.TagPrefix(r.id)
	rows, err := s.rows(ctx, prefix)
	if err != nil {
		return err
	}
	for _, row := range rows {
		name := string(row.Key[len(prefix):])
		rec, err := schema.DecodeTag(row.Value)
		if err != nil {
			ref := BranchRef(r.name, name).String()
			r.damaged[name] = s.damage(ref, corruptRow("tag "+ref, err))
			continue
		}
		r.tags[name] = rec
	}
	return nil
}

// rows returns copies of all rows with a prefix; for the few kinds of which there are never many.
func (s *Store) rows(ctx context.Context, prefix []byte) ([]kv.Row, error) {
	var rows []kv.Row
	err := s.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(prefix, nil, false) {
			if err != nil {
				return err
			}
			rows = append(rows, kv.Row{Key: slices.Clone(row.Key), Value: slices.Clone(row.Value)})
		}
		return nil
	})
	return rows, err
}

func corruptRow(what string, err error) error {
	return &Error{Op: "pfs.Open", Kind: KindCorrupt, Err: fmt.Errorf("%s: %w", what, err)}
}
