package pfs

import (
	"context"
	"slices"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// Deleted is a repo, branch or tag that was deleted and can be restored, or a commit that a branch has left behind.
type Deleted struct {
	// Kind is "repo", "branch", "tag" or "commit".
	Kind string `json:"kind"`
	// Repo is the name that the repo had then, and Name that of the branch or tag.
	Repo string `json:"repo"`
	Name string `json:"name,omitempty"`
	// ID is that of a commit.
	ID   CommitID  `json:"id,omitzero"`
	Time time.Time `json:"deleted"`
	// Until is when it may be collected as garbage, unless that is done before with a shorter GCOptions.Grace; the zero time
	// when that is not known.
	Until time.Time `json:"until,omitzero"`

	key    []byte
	record []byte
	repo   schema.ID
}

// Deletions returns what has been deleted and can be restored, the latest first.
func (s *Store) Deletions(ctx context.Context) ([]Deleted, error) {
	rows, err := s.rows(ctx, schema.TombPrefix())
	if err != nil {
		return nil, wrap("pfs.Deletions", err, "", "")
	}
	var all []Deleted
	for _, row := range rows {
		if _, kind, _, _, ok := schema.ParseTombKey(row.Key); ok && kind == schema.CommitPrefix()[0] {
			continue // see LeftBehind
		}
		d, err := deletedOf(row)
		if err != nil {
			return nil, err
		}
		d.Until = d.Time.Add(s.opts.Grace)
		all = append(all, d)
	}
	slices.SortStableFunc(all, latest)
	return all, nil
}

func deletedOf(row kv.Row) (Deleted, error) {
	repo, kind, name, at, ok := schema.ParseTombKey(row.Key)
	rec, err := schema.DecodeTombstone(row.Value)
	if err != nil || !ok {
		return Deleted{}, &Error{Op: "pfs.Deletions", Kind: KindCorrupt, Err: err}
	}
	d := Deleted{Repo: rec.Repo, Name: name, Time: timeOf(at), key: row.Key, record: rec.Record, repo: repo}
	switch kind {
	case schema.RepoPrefix()[0]:
		d.Kind, d.Name = "repo", ""
	case schema.BranchPrefix(repo)[0]:
		d.Kind = "branch"
	default:
		d.Kind = "tag"
	}
	return d, nil
}

// UndeleteRepo restores the repo of this name that was deleted last, with the branches, tags and open commits that went with
// it. The error is of KindRepoNotFound when there is none, or KindExists.
func (s *Store) UndeleteRepo(ctx context.Context, name string) error {
	const op = "pfs.UndeleteRepo"
	return s.committer.do(ctx, true, func(g *group) error {
		all, err := s.Deletions(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d Deleted) bool { return d.Kind == "repo" && d.Repo == name })
		switch {
		case i < 0:
			return &Error{Op: op, Kind: KindRepoNotFound, Ref: name}
		case s.repo(name) != nil:
			return &Error{Op: op, Kind: KindExists, Ref: name}
		case s.damaged[name] != nil:
			return s.damaged[name]
		}
		rec, err := schema.DecodeRepo(all[i].record)
		if err != nil {
			return &Error{Op: op, Kind: KindCorrupt, Ref: name, Err: err}
		}
		r := newRepo(name, rec)
		g.put(schema.RepoKey(name), all[i].record)
		g.delete(all[i].key)
		for _, d := range all {
			if d.Kind != "repo" && d.repo == r.id && d.Time.Equal(all[i].Time) {
				if err := g.restore(ctx, r, d); err != nil {
					return err
				}
			}
		}
		if err := s.restoreOpen(ctx, r); err != nil {
			return err
		}
		g.publish = append([]func(){func() { s.addRepo(r) }}, g.publish...)
		return nil
	})
}

// restoreOpen restores the open commits of a repo that no reader sees yet: their records stay when it is deleted.
func (s *Store) restoreOpen(ctx context.Context, r *repo) error {
	rows, err := s.rows(ctx, schema.OpenPrefix())
	if err != nil {
		return err
	}
	for _, row := range rows {
		var id schema.ID
		copy(id[:], row.Key[len(schema.OpenPrefix()):])
		rec, err := schema.DecodeOpenCommit(row.Value)
		if err != nil {
			return corruptRow("open commit "+id.String(), err)
		}
		if rec.Repo != r.id {
			continue
		}
		if r.open[id], err = s.loadWorkspace(ctx, r, id, rec); err != nil {
			return err
		}
	}
	return nil
}

// Undelete restores the branch or tag that ref names and that was deleted last. The error is of KindRepoNotFound when the
// repo is not there, KindBranchNotFound when there is none, or KindExists.
func (s *Store) Undelete(ctx context.Context, ref Ref) error {
	const op = "pfs.Undelete"
	return s.committer.do(ctx, true, func(g *group) error {
		r := s.repo(ref.Repo)
		if r == nil {
			return &Error{Op: op, Kind: KindRepoNotFound, Ref: ref.Repo}
		}
		if r.branches[ref.Name] != nil || s.isTag(ref) {
			return &Error{Op: op, Kind: KindExists, Ref: ref.String()}
		}
		all, err := s.Deletions(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d Deleted) bool { return d.Kind != "repo" && d.repo == r.id && d.Name == ref.Name })
		if i < 0 {
			return &Error{Op: op, Kind: KindBranchNotFound, Ref: ref.String()}
		}
		return g.restore(ctx, r, all[i])
	})
}

// restore puts the record of a branch or tag back in its place.
func (g *group) restore(ctx context.Context, r *repo, d Deleted) error {
	g.delete(d.key)
	if d.Kind == "tag" {
		rec, err := schema.DecodeTag(d.record)
		if err != nil {
			return &Error{Op: "pfs.Undelete", Kind: KindCorrupt, Ref: d.Name, Err: err}
		}
		if g.store.isDoomed(rec.Commit) {
			return &Error{Op: "pfs.Undelete", Kind: KindBranchNotFound, Ref: d.Name}
		}
		g.store.names++
		g.put(schema.TagKey(r.id, d.Name), d.record)
		g.publish = append(g.publish, func() { g.store.setTag(r, d.Name, &rec) })
		return nil
	}
	rec, err := schema.DecodeBranch(d.record)
	if err != nil {
		return &Error{Op: "pfs.Undelete", Kind: KindCorrupt, Ref: d.Name, Err: err}
	}
	if g.store.isDoomed(rec.Head) {
		return &Error{Op: "pfs.Undelete", Kind: KindBranchNotFound, Ref: d.Name}
	}
	if _, err := g.store.loadLine(ctx, rec.Line); err != nil {
		return wrap("pfs.Undelete", err, d.Name, "")
	}
	g.store.names++
	st, err := g.store.loadState(ctx, r, rec)
	if err != nil {
		return err
	}
	b := &branch{repo: r, name: d.Name, created: rec.Created, bare: rec.Bare, keep: rec.Keep}
	b.settings.Store(&rec.Settings)
	st.changed = g.now
	b.state.Store(st)
	g.put(schema.BranchKey(r.id, d.Name), d.record)
	g.publish = append(g.publish, func() { g.store.addBranch(b) })
	g.announceMade(b, By{})
	return nil
}
