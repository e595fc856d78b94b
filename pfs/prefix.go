package pfs

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// MinIDPrefix is the least number of digits that a commit can be named by.
const MinIDPrefix = 4

// IsIDPrefix reports whether s can be the beginning of a commit's id: MinIDPrefix to 31 hex digits.
func IsIDPrefix(s string) bool {
	return len(s) >= MinIDPrefix && len(s) < 2*len(CommitID{}) && strings.Trim(s, "0123456789abcdef") == ""
}

// CommitsLike returns the ids of the commits of a repo, open ones among them, that begin with prefix, in order. With a
// branch or tag, only those in its history. A commit that was thinned out counts as the one that took its place. The time it
// takes depends on how many commits of the store have that prefix. The error is of KindRepoNotFound, KindBranchNotFound, or
// KindInvalid when IsIDPrefix says so.
func (s *Store) CommitsLike(ctx context.Context, repo, name, prefix string) ([]CommitID, error) {
	const op = "pfs.CommitsLike"
	r := s.repo(repo)
	switch {
	case r == nil:
		return nil, &Error{Op: op, Kind: KindRepoNotFound, Ref: repo}
	case !IsIDPrefix(prefix):
		return nil, &Error{Op: op, Kind: KindInvalid, Ref: prefix}
	}
	ids, err := s.idsLike(ctx, prefix)
	if err != nil {
		return nil, wrap(op, err, repo, "")
	}
	var like []CommitID
	for _, id := range ids {
		c, err := s.resolveBase(ctx, op, Ref{Repo: repo, Name: name, Commit: id})
		if err != nil {
			return nil, wrap(op, err, repo, "")
		}
		if c != nil {
			like = append(like, c.id)
		}
	}
	like = append(like, s.openLike(r, name, prefix)...)
	slices.SortFunc(like, func(a, b CommitID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(like), nil
}

// idsLike returns the ids with a prefix of all commits of the store, and of those that were thinned out.
func (s *Store) idsLike(ctx context.Context, prefix string) ([]schema.ID, error) {
	// A prefix of an odd number of digits ends in the middle of a byte.
	from, err := hex.DecodeString(prefix[:len(prefix)&^1])
	if err != nil {
		return nil, err
	}
	var ids []schema.ID
	err = s.kv.View(ctx, func(r kv.Reader) error {
		for _, keys := range [][]byte{schema.CommitPrefix(), schema.AliasPrefix()} {
			for row, err := range r.Scan(slices.Concat(keys, from), nil, false) {
				if err != nil {
					return err
				}
				var id schema.ID
				if copy(id[:], row.Key[len(keys):]); strings.HasPrefix(id.String(), prefix) {
					ids = append(ids, id)
				}
			}
		}
		return nil
	})
	return ids, err
}

// openLike returns the ids with a prefix of the open commits of a repo, or of one branch of it.
func (s *Store) openLike(r *repo, branch, prefix string) []CommitID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var ids []CommitID
	for id, b := range r.open {
		if (branch == "" || branch == b.open.branch) && strings.HasPrefix(id.String(), prefix) {
			ids = append(ids, id)
		}
	}
	return ids
}
