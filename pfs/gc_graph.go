package pfs

import (
	"cmp"
	"slices"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// graph is all commits of the store and what leads to them, at one moment. It takes some 200 bytes a commit.
type graph struct {
	commits map[schema.ID]*graphCommit
	// heads are the commits that names lead to, and tombs what was deleted, with the commits that it led to.
	heads []schema.ID
	tombs []tomb
	// lines are those that something is still to be put on.
	lines map[uint64]bool
	// repos are those that are there or can be restored, and orphans the keys of rows that belong to none of them.
	repos   map[schema.ID]bool
	orphans [][]byte
	// expiry is up to when what was deleted may go.
	expiry time.Time
}

// graphCommit is a commit of a graph.
type graphCommit struct {
	repo      schema.ID
	parents   []schema.ID
	line, seq uint64
	gen       uint64
	reach     reach
}

// reach says by what a commit can be reached.
type reach uint8

const (
	reachNone    reach = iota
	reachExpired       // by what was deleted and may go
	reachWaiting       // by what was deleted and can still be restored
	reachNamed
)

// tomb is something deleted.
type tomb struct {
	key     []byte
	kind    byte
	repo    schema.ID
	commit  schema.ID // zero for a repo
	line    uint64
	deleted time.Time
	expired bool
}

// readGraph reads the graph from a view. What was deleted before expiry may go.
func readGraph(r kv.Reader, expiry time.Time) (*graph, error) {
	g := &graph{
		commits: map[schema.ID]*graphCommit{}, lines: map[uint64]bool{}, repos: map[schema.ID]bool{}, expiry: expiry,
	}
	if err := g.readTombs(r, expiry); err != nil {
		return nil, err
	}
	for _, read := range []func(kv.Reader) error{
		g.readRepos, g.readCommits, g.readBranches, g.readTags, g.readOpen, g.readUploads,
	} {
		if err := read(r); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *graph) readRepos(r kv.Reader) error {
	return eachRow(r, schema.RepoPrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeRepo(row.Value)
		if err != nil {
			return corruptRow("repo", err)
		}
		g.repos[rec.ID] = true
		return nil
	})
}

func (g *graph) readCommits(r kv.Reader) error {
	return eachRow(r, schema.CommitPrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeCommit(row.Value)
		if err != nil {
			return corruptRow("commit", err)
		}
		g.commits[schema.ID(row.Key[1:])] = &graphCommit{
			repo: rec.Repo, parents: rec.Parents, line: rec.Line, seq: rec.Seq, gen: rec.Gen,
		}
		return nil
	})
}

// at notes that something stands at a commit and will put the next on a line.
func (g *graph) at(head schema.ID, line uint64) {
	g.heads = append(g.heads, head)
	g.lines[line] = true
}

func (g *graph) readBranches(r kv.Reader) error {
	return eachRow(r, schema.AllBranches(), func(row kv.Row) error {
		rec, err := schema.DecodeBranch(row.Value)
		if err != nil {
			return corruptRow("branch", err)
		}
		g.at(rec.Head, rec.Line)
		return nil
	})
}

func (g *graph) readTags(r kv.Reader) error {
	return eachRow(r, schema.AllTags(), func(row kv.Row) error {
		rec, err := schema.DecodeTag(row.Value)
		if err != nil {
			return corruptRow("tag", err)
		}
		g.heads = append(g.heads, rec.Commit)
		return nil
	})
}

func (g *graph) readOpen(r kv.Reader) error {
	return eachRow(r, schema.OpenPrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeOpenCommit(row.Value)
		if err != nil {
			return corruptRow("open commit", err)
		}
		if !g.repos[rec.Repo] {
			g.orphans = append(g.orphans, slices.Clone(row.Key))
			return nil
		}
		g.at(rec.Base, rec.State.Line)
		g.heads = append(g.heads, rec.State.Head)
		return nil
	})
}

// readUploads finds those of repos that are gone.
func (g *graph) readUploads(r kv.Reader) error {
	return eachRow(r, schema.UploadPrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeUpload(row.Value)
		if err != nil {
			return corruptRow("upload", err)
		}
		if g.repos[rec.Repo] {
			return nil
		}
		id := schema.ID(row.Key[1:])
		g.orphans = append(g.orphans, slices.Clone(row.Key), schema.ParkedKey(rec.Repo, rec.Branch, rec.Path, id))
		return eachRow(r, schema.PartPrefix(id), func(row kv.Row) error {
			g.orphans = append(g.orphans, slices.Clone(row.Key))
			return nil
		})
	})
}

func (g *graph) readTombs(r kv.Reader, expiry time.Time) error {
	return eachRow(r, schema.TombPrefix(), func(row kv.Row) error {
		t, err := tombOf(kv.Row{Key: slices.Clone(row.Key), Value: row.Value})
		if err != nil {
			return err
		}
		t.expired = !t.deleted.After(expiry)
		g.tombs = append(g.tombs, t)
		if !t.expired {
			g.lines[t.line], g.repos[t.repo] = true, true
		}
		return nil
	})
}

// tombOf decodes a tombstone.
func tombOf(row kv.Row) (tomb, error) {
	repo, kind, name, at, ok := schema.ParseTombKey(row.Key)
	rec, err := schema.DecodeTombstone(row.Value)
	if err != nil || !ok {
		return tomb{}, &Error{Op: "pfs.GC", Kind: KindCorrupt, Err: cmp.Or(err, error(schema.ErrInvalid))}
	}
	t := tomb{key: row.Key, kind: kind, repo: repo, deleted: timeOf(at)}
	switch kind {
	case schema.AllBranches()[0]:
		branch, err := schema.DecodeBranch(rec.Record)
		t.commit, t.line = branch.Head, branch.Line
		return t, err
	case schema.AllTags()[0]:
		tag, err := schema.DecodeTag(rec.Record)
		t.commit = tag.Commit
		return t, err
	case schema.CommitPrefix()[0]:
		t.commit, err = schema.ParseID(name)
		return t, err
	}
	return t, nil
}

// spread notes for each commit by what it can be reached. extra are heads that are known from elsewhere.
func (g *graph) spread(extra []schema.ID) {
	for _, c := range g.commits {
		c.reach = reachNone
	}
	g.reach(reachNamed, append(slices.Clone(g.heads), extra...))
	var waiting, expired []schema.ID
	for _, t := range g.tombs {
		if t.expired {
			expired = append(expired, t.commit)
		} else {
			waiting = append(waiting, t.commit)
		}
	}
	g.reach(reachWaiting, waiting)
	g.reach(reachExpired, expired)
}

// reach gives the commits from which it can be had, and their ancestors, a reach, unless they have a higher one.
func (g *graph) reach(by reach, ids []schema.ID) {
	for len(ids) > 0 {
		c := g.commits[ids[len(ids)-1]]
		ids = ids[:len(ids)-1]
		if c != nil && c.reach < by {
			c.reach = by
			ids = append(ids, c.parents...)
		}
	}
}

// left returns the commits that nothing leads to, whether deleted or not, and of which none is the parent of another.
func (g *graph) left() []schema.ID {
	parents := map[schema.ID]bool{}
	for _, c := range g.commits {
		if c.reach == reachNone {
			for _, id := range c.parents {
				parents[id] = true
			}
		}
	}
	var ids []schema.ID
	for id, c := range g.commits {
		if c.reach == reachNone && !parents[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// sorted returns the commits for which keep says so, the latest first: children before their parents.
func (g *graph) sorted(keep func(*graphCommit) bool) []schema.ID {
	var ids []schema.ID
	for id, c := range g.commits {
		if keep(c) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b schema.ID) int { return cmp.Compare(g.commits[b].gen, g.commits[a].gen) })
	return ids
}
