package pfs

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// CreateRepo makes a repo with an empty branch master. The error is of KindInvalid for a bad name, or KindExists.
func (s *Store) CreateRepo(ctx context.Context, name string, owner Owner, by By) (Repo, error) {
	const op = "pfs.CreateRepo"
	if err := CheckRefName(name); err != nil {
		return Repo{}, err
	}
	var made *repo
	var announced *announcement
	err := s.committer.do(ctx, true, func(g *group) (err error) {
		if s.repo(name) != nil {
			return &Error{Op: op, Kind: KindExists, Ref: name}
		}
		if made, err = g.putRepo(name); err != nil {
			return err
		}
		b, err := g.putEmptyBranch(ctx, made, DefaultBranch, BranchOptions{Owner: owner, By: by})
		if err != nil {
			return err
		}
		g.publish = append(g.publish, func() { s.addRepo(made); s.addBranch(b) })
		announced = g.announceMade(b, by)
		return nil
	})
	if err != nil {
		return Repo{}, err
	}
	s.settle(ctx, announced)
	return made.info(), nil
}

// DeleteRepo deletes a repo with all its branches and tags. The error is of KindRepoNotFound, or KindNotEmpty when a
// branch shows files and force is not set.
func (s *Store) DeleteRepo(ctx context.Context, name string, force bool) error {
	return s.deleteRepo(ctx, name, func(r *repo) string {
		for _, b := range r.branches {
			if !force && !b.state.Load().root.Sub.IsEmpty() {
				return b.name
			}
		}
		return ""
	})
}

// DeleteEmptyRepo deletes a repo that has no tags and no branch but DefaultBranch, which shows nothing. The error is of
// KindRepoNotFound, or KindNotEmpty.
func (s *Store) DeleteEmptyRepo(ctx context.Context, name string) error {
	return s.deleteRepo(ctx, name, func(r *repo) string {
		for _, b := range r.branches {
			if b.name != DefaultBranch || !b.state.Load().root.Sub.IsEmpty() {
				return b.name
			}
		}
		for tag := range r.tags {
			return tag
		}
		for hurt := range r.damaged {
			return hurt
		}
		return ""
	})
}

// deleteRepo deletes a repo unless keeps returns the name of a branch or tag for which it has to stay. That is asked with
// Store.mu held.
func (s *Store) deleteRepo(ctx context.Context, name string, keeps func(*repo) string) error {
	const op = "pfs.DeleteRepo"
	branches, err := s.removable(op, name, keeps)
	for _, b := range branches {
		if err == nil {
			err = s.abortUploads(ctx, b)
		}
		if err == nil { // One transaction may have no room for what is pending on all.
			_, err = s.Cut(ctx, BranchRef(name, b.name))
		}
	}
	if err != nil {
		return err
	}
	var gone []*announcement
	err = s.committer.do(ctx, true, func(g *group) error {
		branches, err := s.removable(op, name, keeps)
		if err != nil {
			return err
		}
		for _, b := range branches {
			a, err := g.dropBranch(ctx, b)
			if err != nil {
				return err
			}
			gone = append(gone, a)
		}
		g.dropRepo(s.repo(name))
		return nil
	})
	for _, a := range gone {
		if err == nil {
			s.settle(ctx, a)
		}
	}
	return err
}

// removable returns the branches of a repo that may be deleted.
func (s *Store) removable(op, name string, keeps func(*repo) string) ([]*branch, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.repos[name]
	if r == nil {
		return nil, &Error{Op: op, Kind: KindRepoNotFound, Ref: name}
	}
	if kept := keeps(r); kept != "" {
		return nil, &Error{Op: op, Kind: KindNotEmpty, Ref: BranchRef(name, kept).String()}
	}
	return slices.Collect(maps.Values(r.branches)), nil
}

// Repos returns all repos by name.
func (s *Store) Repos(context.Context) ([]Repo, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	repos := make([]Repo, 0, len(s.repos))
	for _, r := range s.repos {
		repos = append(repos, r.info())
	}
	slices.SortFunc(repos, func(a, b Repo) int { return cmp.Compare(a.Name, b.Name) })
	return repos, nil
}

func (r *repo) info() Repo {
	return Repo{Name: r.name, Created: timeOf(r.created), Number: identityOf(r.id)}
}

func (s *Store) repo(name string) *repo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.repos[name]
}

func (s *Store) addRepo(r *repo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repos[r.name] = r
}

// putRepo adds the record of a new repo.
func (g *group) putRepo(name string) (*repo, error) {
	if err := g.store.damaged[name]; err != nil {
		return nil, err
	}
	id, err := g.store.newID()
	if err != nil {
		return nil, err
	}
	rec := schema.RepoRecord{ID: id, Created: g.now}
	g.put(schema.RepoKey(name), rec.Append(nil))
	return newRepo(name, rec), nil
}

func newRepo(name string, rec schema.RepoRecord) *repo {
	return &repo{name: name, id: rec.ID, created: rec.Created, branches: map[string]*branch{}, tags: map[string]schema.TagRecord{},
		open: map[schema.ID]*branch{}, damaged: map[string]error{}}
}

// dropRepo removes a repo, and leaves a tombstone.
func (g *group) dropRepo(r *repo) {
	rec := schema.RepoRecord{ID: r.id, Created: r.created}
	g.bury(r, schema.RepoKey(r.name), r.name, rec.Append(nil))
	for name, tag := range r.tags {
		g.bury(r, schema.TagKey(r.id, name), name, tag.Append(nil))
	}
	g.publish = append(g.publish, func() {
		g.store.mu.Lock()
		defer g.store.mu.Unlock()
		delete(g.store.repos, r.name)
	})
}

// bury replaces the record at key with a tombstone from which it can be restored.
func (g *group) bury(r *repo, key []byte, name string, record []byte) {
	g.delete(key)
	tomb := schema.TombstoneRecord{Repo: r.name, Record: record}
	g.put(schema.TombKey(r.id, key[0], name, g.now), tomb.Append(nil))
}

// emptyRoot returns the root of a branch in which there is nothing.
func (g *group) emptyRoot(owner Owner, change schema.Change) tree.Entry {
	return tree.Entry{
		Entry: Entry{
			Kind: EntryDir, Mode: 0o755, UID: owner.UID, GID: owner.GID, Explicit: true,
			Mtime: g.now, Ctime: g.now, Btime: g.now, Changed: change,
		},
		Sub: g.store.trees.Empty(),
	}
}
