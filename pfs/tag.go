package pfs

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"pfsd/pfs/internal/schema"
)

// Tag is an immutable name for a commit.
type Tag struct {
	Repo    string    `json:"repo"`
	Name    string    `json:"name"`
	Commit  CommitID  `json:"commit"`
	Created time.Time `json:"created"`
}

// CreateTag makes the tag that ref names, of the commit that from names in the same repo; of a branch, what is pending on
// it is in a commit first. The error is of KindInvalid for a bad name, KindExists when the repo has a branch or tag of this
// name, KindRepoNotFound, or what from gave rise to.
func (s *Store) CreateTag(ctx context.Context, ref, from Ref) (Tag, error) {
	const op = "pfs.CreateTag"
	if !ref.IsBranch() {
		return Tag{}, &Error{Op: op, Kind: KindInvalid, Ref: ref.String()}
	}
	if err := cmp.Or(CheckRefName(ref.Repo), CheckRefName(ref.Name)); err != nil {
		return Tag{}, err
	}
	if _, err := s.Cut(ctx, from); err != nil {
		return Tag{}, err
	}
	c, err := s.resolve(ctx, op, from)
	if err != nil {
		return Tag{}, err
	}
	var rec schema.TagRecord
	err = s.committer.do(ctx, true, func(g *group) error {
		r := s.repo(ref.Repo)
		switch {
		case r == nil:
			return &Error{Op: op, Kind: KindRepoNotFound, Ref: ref.Repo}
		case r.branches[ref.Name] != nil, s.isTag(ref):
			return &Error{Op: op, Kind: KindExists, Ref: ref.String()}
		case c.rec.Repo != r.id:
			return &Error{Op: op, Kind: KindCommitNotFound, Ref: from.String()}
		}
		if err := g.confirm(ctx, op, c); err != nil {
			return err
		}
		rec = schema.TagRecord{Commit: c.id, Created: g.now}
		s.names++
		g.put(schema.TagKey(r.id, ref.Name), rec.Append(nil))
		g.publish = append(g.publish, func() { s.setTag(r, ref.Name, &rec) })
		return nil
	})
	if err != nil {
		return Tag{}, err
	}
	return tagOf(ref.Repo, ref.Name, rec), nil
}

// DeleteTag deletes a tag; the commit stays. The error is of KindRepoNotFound or KindBranchNotFound.
func (s *Store) DeleteTag(ctx context.Context, ref Ref) error {
	const op = "pfs.DeleteTag"
	return s.committer.do(ctx, true, func(g *group) error {
		r := s.repo(ref.Repo)
		if r == nil {
			return &Error{Op: op, Kind: KindRepoNotFound, Ref: ref.Repo}
		}
		rec, ok := r.tags[ref.Name]
		if !ok {
			return &Error{Op: op, Kind: KindBranchNotFound, Ref: ref.String()}
		}
		g.bury(r, schema.TagKey(r.id, ref.Name), ref.Name, rec.Append(nil))
		g.publish = append(g.publish, func() { s.setTag(r, ref.Name, nil) })
		return nil
	})
}

// Tags returns the tags of a repo by name. The error is of KindRepoNotFound.
func (s *Store) Tags(_ context.Context, repo string) ([]Tag, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.repos[repo]
	if r == nil {
		return nil, &Error{Op: "pfs.Tags", Kind: KindRepoNotFound, Ref: repo}
	}
	tags := make([]Tag, 0, len(r.tags))
	for _, name := range slices.Sorted(maps.Keys(r.tags)) {
		tags = append(tags, tagOf(repo, name, r.tags[name]))
	}
	return tags, nil
}

func tagOf(repo, name string, rec schema.TagRecord) Tag {
	return Tag{Repo: repo, Name: name, Commit: rec.Commit, Created: timeOf(rec.Created)}
}

// setTag lets readers see a tag; nil removes it.
func (s *Store) setTag(r *repo, name string, rec *schema.TagRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rec == nil {
		delete(r.tags, name)
	} else {
		r.tags[name] = *rec
	}
}
