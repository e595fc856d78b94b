package pfs

import (
	"context"
	"slices"

	"pfsd/pfs/internal/schema"
)

// LeftBehind returns the commits that branches have left behind, by a reset say, and to which no name leads, the latest first:
// of each branch the head that it had then. A commit can be read by its id, or be given a name, as long as it is there. Those
// of repos that have been deleted are not among them. Kind is "commit", ID the commit, and Name the branch as it was called
// then, or empty when that is not known.
func (s *Store) LeftBehind(ctx context.Context) ([]Deleted, error) {
	const op = "pfs.LeftBehind"
	rows, err := s.rows(ctx, schema.TombPrefix())
	if err != nil {
		return nil, wrap(op, err, "", "")
	}
	var left []Deleted
	names := s.repoNames()
	for _, row := range rows {
		repo, kind, name, at, ok := schema.ParseTombKey(row.Key)
		if !ok || kind != schema.CommitPrefix()[0] || names[repo] == "" {
			continue
		}
		id, err := schema.ParseID(name)
		if err != nil {
			return nil, &Error{Op: op, Kind: KindCorrupt, Err: err}
		}
		rec, err := schema.DecodeTombstone(row.Value)
		if err != nil {
			return nil, &Error{Op: op, Kind: KindCorrupt, Err: err}
		}
		left = append(left, Deleted{Kind: "commit", ID: id, Repo: names[repo], Name: string(rec.Record), Time: timeOf(at)})
	}
	slices.SortStableFunc(left, latest)
	left, err = s.unnamed(ctx, left)
	return left, wrap(op, err, "", "")
}

func latest(a, b Deleted) int { return b.Time.Compare(a.Time) }

// unnamed returns those of some commits, the latest first, that are there and to which no name leads, each once, with the time
// until which it stays.
func (s *Store) unnamed(ctx context.Context, all []Deleted) ([]Deleted, error) {
	if len(all) == 0 {
		return nil, nil
	}
	st, err := s.newStays(ctx)
	if err != nil {
		return nil, err
	}
	var left []Deleted
	seen := map[CommitID]bool{}
	for _, d := range all {
		rec, how, err := st.of(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		if rec == nil || how.named || seen[d.ID] {
			continue
		}
		seen[d.ID] = true
		d.Until = how.end()
		left = append(left, d)
	}
	return left, nil
}

// repoNames returns the names of the repos by their ids.
func (s *Store) repoNames() map[schema.ID]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make(map[schema.ID]string, len(s.repos))
	for name, r := range s.repos {
		names[r.id] = name
	}
	return names
}
