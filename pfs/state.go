package pfs

import (
	"sync/atomic"
	"time"

	"pfsd/pfs/internal/schema"
)

// repo is a repo as the open store knows it. Its maps are guarded by Store.mu.
type repo struct {
	name     string
	id       schema.ID
	created  int64
	branches map[string]*branch
	tags     map[string]schema.TagRecord
	// damaged are the branches and tags that cannot be used, and why. It is not changed once the store is open.
	damaged map[string]error
	// open are the workspaces of open commits.
	open map[schema.ID]*branch
}

// branch is a branch as the open store knows it, or the workspace of an open commit, whose name is the commit's id.
type branch struct {
	repo    *repo
	name    string
	created int64
	bare    bool
	// keep is the policy for automatic commits; empty for the default. Guarded by Store.mu.
	keep string
	// settings are values that are kept with the branch. The map is never changed; only the committer replaces it.
	settings atomic.Pointer[map[string]string]
	// open is set on the workspace of an open commit.
	open *openCommit
	// state is what readers see. Only the committer replaces it.
	state atomic.Pointer[state]
}

// state is what a branch shows at one time. It is never changed.
type state struct {
	head *commit
	// line and seq are where the last commit of the branch's own line is; seq is 0 before the first.
	line, seq uint64
	// view is the head's, or that of the pending changes.
	view
	// pending is nil when view is the head's.
	pending *pending
	// unsaved is set when not all that is pending is on disk.
	unsaved bool
	// changed is when view last changed.
	changed int64
}

// pending says what the commit will be that the changes of a branch beyond its head end up in.
type pending struct {
	change schema.Change
	by     By
	// time is when the last change was made, and since when the first was of those that are not on disk.
	time, since int64
	// cutAt is when it has to be cut, by the clock; a workspace is not.
	cutAt int64
	// parents are those that the commit will have besides the head.
	parents []schema.ID
	// needs are the features of the format that the changes which are not on disk need.
	needs needs
	// links are the roots of the contents that those of the changes link that are not on disk. Only the committer appends to
	// them.
	links []schema.Hash
}

// commit is a commit with its files.
type commit struct {
	id  schema.ID
	rec schema.CommitRecord
	view
}

// info returns the commit as callers see it.
func (c *commit) info(repo string) Commit {
	return Commit{
		ID: c.id, Repo: repo, Parents: c.rec.Parents, Time: timeOf(c.rec.Time), Origin: Origin(c.rec.Origin),
		Author: c.rec.Author, Message: c.rec.Message, Gen: c.rec.Gen, Totals: c.totals(),
	}
}

// record returns what is to be stored of a branch that shows st.
func (b *branch) record(st *state) schema.BranchRecord {
	rec := schema.BranchRecord{
		Created: b.created, Head: st.head.id, Line: st.line, Seq: st.seq, Bare: b.bare, Keep: b.keep, Settings: b.named(),
	}
	if p := st.pending; p != nil {
		rec.Pending = &schema.PendingRecord{
			ID: p.change.Commit, Gen: p.change.Gen, Time: p.time, Origin: uint8(p.by.Origin), Author: p.by.Author,
			Root: st.root.Entry,
		}
	}
	return rec
}

func timeOf(ns int64) time.Time { return time.Unix(0, ns).UTC() }
