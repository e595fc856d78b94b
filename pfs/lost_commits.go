package pfs

import (
	"cmp"
	"context"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// LostCommit is a commit that no branch, tag, deleted branch or later commit leads to.
type LostCommit struct {
	// Commit has no name of a repo when the record of that, whose id is RepoID, is lost.
	Commit
	RepoID string `json:"repo_id"`
}

// LostCommits returns the commits to which nothing leads, the latest first. A branch that is made from one has all of its history.
// The error is of KindCorrupt when a record cannot be read, KindCanceled, KindClosed or KindInternal.
func (s *Store) LostCommits(ctx context.Context) ([]LostCommit, error) {
	const op = "pfs.LostCommits"
	var g *graph
	err := s.kv.View(ctx, func(r kv.Reader) (err error) {
		g, err = readGraph(r, s.opts.Now().Add(-s.opts.Grace))
		return err
	})
	if err != nil {
		return nil, wrap(op, err, "", "")
	}
	// A trace of a commit is a note of when nothing led to it any more.
	g.tombs = slices.DeleteFunc(g.tombs, func(t tomb) bool { return t.kind == schema.CommitPrefix()[0] })
	g.spread(s.heldCommits())
	names := map[schema.ID]string{}
	s.mu.RLock()
	for name, r := range s.repos {
		names[r.id] = name
	}
	s.mu.RUnlock()
	ids := g.left()
	slices.SortFunc(ids, func(a, b schema.ID) int { return cmp.Compare(g.commits[b].gen, g.commits[a].gen) })
	var all []LostCommit
	for _, id := range ids {
		c, err := s.loadCommit(ctx, id)
		if KindOf(err) == KindCorrupt || err == nil && c == nil {
			continue
		}
		if err != nil {
			return nil, wrap(op, err, id.String(), "")
		}
		all = append(all, LostCommit{Commit: c.info(names[c.rec.Repo]), RepoID: c.rec.Repo.String()})
	}
	return all, nil
}

// restoreRepos makes records again for the repos that branches and commits are of and that have none, nor were deleted. It returns
// their names.
func (s *Store) restoreRepos(ctx context.Context) ([]string, error) {
	var lost []schema.ID
	err := s.kv.View(ctx, func(r kv.Reader) error {
		g, err := readGraph(r, s.opts.Now().Add(-s.opts.Grace))
		if err != nil {
			return err
		}
		for _, t := range g.tombs {
			g.repos[t.repo] = true
		}
		note := func(id schema.ID) {
			if !g.repos[id] {
				g.repos[id] = true
				lost = append(lost, id)
			}
		}
		for _, c := range g.commits {
			note(c.repo)
		}
		return eachRow(r, schema.AllBranches(), func(row kv.Row) error {
			if _, id, ok := splitName(row.Key); ok {
				note(id)
			}
			return nil
		})
	})
	var names []string
	for _, id := range lost {
		if err != nil {
			break
		}
		var name string
		if name, err = s.restoreRepo(ctx, id); err == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, err
}

// restoreRepo gives the repo with an id a record, and returns its name.
func (s *Store) restoreRepo(ctx context.Context, id schema.ID) (name string, err error) {
	err = s.committer.do(ctx, true, func(g *group) error {
		name = "lost-" + id.String()[:8]
		for s.repo(name) != nil || s.damaged[name] != nil {
			name += "-" + id.String()[8:12]
		}
		rec := schema.RepoRecord{ID: id, Created: g.now}
		r := newRepo(name, rec)
		if err := s.loadBranches(ctx, r); err != nil {
			return err
		}
		if err := s.loadTags(ctx, r); err != nil {
			return err
		}
		if err := s.restoreOpen(ctx, r); err != nil {
			return err
		}
		g.put(schema.RepoKey(name), rec.Append(nil))
		s.names++
		g.publish = append(g.publish, func() { s.addRepo(r) })
		return nil
	})
	return name, err
}
