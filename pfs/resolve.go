package pfs

import (
	"context"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// Commit returns the commit that ref names: of a branch its head, without what is pending. The error is of
// KindRepoNotFound, KindBranchNotFound or KindCommitNotFound.
func (s *Store) Commit(ctx context.Context, ref Ref) (Commit, error) {
	c, err := s.resolve(ctx, "pfs.Commit", ref)
	if err != nil {
		return Commit{}, err
	}
	return c.info(ref.Repo), nil
}

// resolve returns the commit that ref names.
func (s *Store) resolve(ctx context.Context, op string, ref Ref) (*commit, error) {
	c, err := s.resolveBase(ctx, op, ref)
	up := uint64(ref.Up)
	if open := s.workspaceOf(ref.unclimbed()); c == nil && open != nil && up > 0 {
		c, err, up = open.open.base, nil, up-1 // What an open commit was started on will be its parent.
	}
	if err == nil && c != nil && up > 0 {
		c, err = s.ancestor(ctx, c, up)
	}
	if err != nil {
		return nil, wrap(op, err, ref.String(), "")
	}
	if c == nil {
		return nil, &Error{Op: op, Kind: KindCommitNotFound, Ref: ref.String()}
	}
	return c, nil
}

// resolveBase resolves ref without its ancestry; nil when its commit is not there.
func (s *Store) resolveBase(ctx context.Context, op string, ref Ref) (*commit, error) {
	r := s.repo(ref.Repo)
	if r == nil {
		return nil, &Error{Op: op, Kind: KindRepoNotFound, Ref: ref.Repo}
	}
	if ref.Name == "" {
		return s.commitOf(ctx, r, ref.Commit)
	}
	head, err := s.headOf(ctx, op, r, ref)
	if err != nil || ref.Commit.IsZero() {
		return head, err
	}
	c, err := s.commitOf(ctx, r, ref.Commit)
	if err != nil || c == nil {
		return nil, err
	}
	if in, err := s.inHistory(ctx, head, c); err != nil || !in {
		return nil, err
	}
	return c, nil
}

// headOf returns the head of the branch, or the commit of the tag, that ref names.
func (s *Store) headOf(ctx context.Context, op string, r *repo, ref Ref) (*commit, error) {
	s.mu.RLock()
	b, tag := r.branches[ref.Name], r.tags[ref.Name]
	s.mu.RUnlock()
	switch {
	case b != nil:
		return b.state.Load().head, nil
	case !tag.Commit.IsZero():
		return s.loadCommit(ctx, tag.Commit)
	case r.damaged[ref.Name] != nil:
		return nil, r.damaged[ref.Name]
	}
	return nil, &Error{Op: op, Kind: KindBranchNotFound, Ref: BranchRef(ref.Repo, ref.Name).String()}
}

// commitOf returns a commit of a repo; nil when there is none.
func (s *Store) commitOf(ctx context.Context, r *repo, id schema.ID) (*commit, error) {
	c, err := s.loadCommit(ctx, id)
	if err != nil || c == nil || c.rec.Repo != r.id {
		return nil, err
	}
	return c, nil
}

// loadCommit returns a commit; nil when there is none.
func (s *Store) loadCommit(ctx context.Context, id schema.ID) (*commit, error) {
	if s.isDoomed(id) {
		return nil, nil
	}
	if c, ok := s.commits.Get(id); ok {
		return c, nil
	}
	thinned := s.thinned.Load()
	value, err := s.getRow(ctx, schema.CommitKey(id))
	if err != nil {
		return nil, err
	}
	if value == nil {
		return s.loadAlias(ctx, id)
	}
	c, err := s.decodeCommit(ctx, id, value)
	if err != nil {
		return nil, err
	}
	s.commits.Add(id, c)
	if s.thinned.Load() != thinned {
		s.commits.Remove(id) // The row may be another by now.
	}
	if s.isDoomed(id) {
		s.commits.Remove(id)
		return nil, nil
	}
	return c, nil
}

// decodeCommit returns the commit of which a row has the record.
func (s *Store) decodeCommit(ctx context.Context, id schema.ID, value []byte) (*commit, error) {
	rec, err := schema.DecodeCommit(value)
	if err != nil {
		return nil, &Error{Op: "pfs.loadCommit", Kind: KindCorrupt, Ref: id.String(), Err: err}
	}
	c := &commit{id: id, rec: rec}
	if c.view, err = s.storedView(ctx, rec.Root, rec.Links); err != nil {
		return nil, wrap("pfs.loadCommit", err, id.String(), "")
	}
	return c, nil
}

// loadAlias returns the commit that took the place of one that was thinned out; nil when there is none.
func (s *Store) loadAlias(ctx context.Context, id schema.ID) (*commit, error) {
	value, err := s.getRow(ctx, schema.AliasKey(id))
	if err != nil || value == nil {
		return nil, err
	}
	var to schema.ID
	if copy(to[:], value) != len(to) || len(value) != len(to) {
		return nil, &Error{Op: "pfs.loadAlias", Kind: KindCorrupt, Ref: id.String()}
	}
	return s.loadCommit(ctx, to)
}

// ancestor returns the commit n first-parent steps above c, in time that depends on how often the history has branched
// alone; nil when there is none.
func (s *Store) ancestor(ctx context.Context, c *commit, n uint64) (*commit, error) {
	line, seq := c.rec.Line, c.rec.Seq
	for {
		rec, err := s.loadLine(ctx, line)
		if err != nil {
			return nil, err
		}
		switch {
		case rec.Gaps:
			at, left, err := s.countBack(ctx, line, seq, n)
			if err != nil {
				return nil, err
			}
			if at > 0 {
				return s.commitAt(ctx, line, at)
			}
			n = left
		case n < seq:
			return s.commitAt(ctx, line, seq-n)
		default:
			n -= seq
		}
		if rec.Parent == 0 {
			return nil, nil
		}
		line, seq = rec.Parent, rec.Seq
	}
}

// countBack returns the place n commits before seq on a line with gaps; 0 when the line has not as many, and then how many
// steps are left from the commit that it left.
func (s *Store) countBack(ctx context.Context, line, seq, n uint64) (at, left uint64, err error) {
	err = s.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(schema.SeqPrefix(line), schema.SeqKey(line, seq), true) {
			if err != nil {
				return err
			}
			if n == 0 {
				at, _ = schema.ParseSeqKey(row.Key)
				return nil
			}
			n--
		}
		return nil
	})
	return at, n, err
}

// commitAt returns the commit at a place of a line; nil when there is none.
func (s *Store) commitAt(ctx context.Context, line, seq uint64) (*commit, error) {
	value, err := s.getRow(ctx, schema.SeqKey(line, seq))
	if err != nil || value == nil {
		return nil, err
	}
	var id schema.ID
	if copy(id[:], value) != len(id) {
		return nil, &Error{Op: "pfs.commitAt", Kind: KindCorrupt}
	}
	return s.loadCommit(ctx, id)
}

func (s *Store) loadLine(ctx context.Context, line uint64) (schema.LineRecord, error) {
	value, err := s.getRow(ctx, schema.LineKey(line))
	if err != nil {
		return schema.LineRecord{}, err
	}
	rec, err := schema.DecodeLine(value)
	if err != nil {
		return rec, &Error{Op: "pfs.loadLine", Kind: KindCorrupt, Err: err}
	}
	return rec, nil
}

// inHistory reports whether c is head or a first-parent ancestor of it.
func (s *Store) inHistory(ctx context.Context, head, c *commit) (bool, error) {
	line, seq := head.rec.Line, head.rec.Seq
	for line != c.rec.Line {
		rec, err := s.loadLine(ctx, line)
		if err != nil || rec.Parent == 0 {
			return false, err
		}
		line, seq = rec.Parent, rec.Seq
	}
	return c.rec.Seq <= seq, nil
}
