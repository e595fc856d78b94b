package control

import (
	"context"
	"fmt"
	"strings"

	"pfsd/pfs"
)

// Ref is an address of a version as people write it: like one of the core, but that a commit may be named by the beginning of
// its id. In COMMIT.REPO that is left in Name, since only the store knows whether a branch has that name. Refs are comparable.
type Ref struct {
	pfs.Ref
	// Prefix is the beginning of the id in COMMIT.BRANCH.REPO; empty when the id is whole, or there is none.
	Prefix string
}

// ParseRef parses an address without a path, as pfs.ParseRef does.
func ParseRef(s string) (Ref, error) {
	ref, err := pfs.ParseRef(s)
	if err == nil {
		return Ref{Ref: ref}, nil
	}
	full := s
	if repo, version, found := strings.Cut(s, "@"); found {
		full = version + "." + repo
	}
	end := strings.IndexAny(full, "^~.")
	if end < 0 || !pfs.IsIDPrefix(full[:end]) {
		return Ref{}, err
	}
	// With any id in the place of the prefix, all else is parsed as ever.
	prefix := full[:end]
	like, likeErr := pfs.ParseRef(prefix + strings.Repeat("f", 2*len(pfs.CommitID{})-end) + full[end:])
	if likeErr != nil {
		return Ref{}, err
	}
	like.Commit = pfs.CommitID{}
	return Ref{Ref: like, Prefix: prefix}, nil
}

// String returns r in its canonical form, which ParseRef takes.
func (r Ref) String() string {
	if r.Prefix == "" {
		return r.Ref.String()
	}
	// The name's place in the canonical form is that of the id.
	id := pfs.Ref{Name: r.Prefix, Committed: r.Committed, Up: r.Up, Repo: r.Name}
	return id.String() + "." + r.Repo
}

// IsBranch reports whether r names a branch or tag as it is now, as far as can be told without the store.
func (r Ref) IsBranch() bool { return r.Prefix == "" && r.Ref.IsBranch() }

// MayBeCommit reports whether r can name a commit by its id, or the beginning of it.
func (r Ref) MayBeCommit() bool {
	return r.Prefix != "" || !r.Commit.IsZero() || pfs.IsIDPrefix(r.Name)
}

// finder is what finding a commit by the beginning of its id needs of the core.
type finder interface {
	Commit(ctx context.Context, ref pfs.Ref) (pfs.Commit, error)
	CommitsLike(ctx context.Context, repo, name, prefix string) ([]pfs.CommitID, error)
}

var _ finder = (*pfs.Store)(nil)

// ref returns the version that an address names. Names of branches and tags win over the beginnings of ids. The error is of
// KindInvalid when several commits have that beginning.
func (h *Handler) ref(ctx context.Context, address string) (pfs.Ref, error) {
	r, err := ParseRef(address)
	if err != nil {
		return pfs.Ref{}, err
	}
	find := h.versions.find
	prefix, branch := r.Prefix, r.Name
	if prefix == "" {
		if !r.Commit.IsZero() || !pfs.IsIDPrefix(r.Name) {
			return r.Ref, nil
		}
		if _, err := find.Commit(ctx, pfs.BranchRef(r.Repo, r.Name)); pfs.KindOf(err) != pfs.KindBranchNotFound {
			return r.Ref, err
		}
		prefix, branch = r.Name, ""
	}
	like, err := find.CommitsLike(ctx, r.Repo, branch, prefix)
	switch {
	case err != nil:
		return pfs.Ref{}, err
	case len(like) == 0:
		kind := pfs.KindCommitNotFound
		if r.Prefix == "" {
			kind = pfs.KindBranchNotFound
		}
		return pfs.Ref{}, &pfs.Error{Op: "control.ref", Kind: kind, Ref: r.String()}
	case len(like) > 1:
		return pfs.Ref{}, &pfs.Error{Op: "control.ref", Kind: pfs.KindInvalid, Ref: r.String(), Err: ambiguous(like)}
	}
	return pfs.Ref{Repo: r.Repo, Name: branch, Commit: like[0], Committed: r.Committed, Up: r.Up}, nil
}

// ambiguous says which commits a prefix may mean.
func ambiguous(like []pfs.CommitID) error {
	const most = 8
	var names strings.Builder
	for i, id := range like[:min(most, len(like))] {
		if i > 0 {
			names.WriteString(", ")
		}
		names.WriteString(id.String())
	}
	if len(like) > most {
		fmt.Fprintf(&names, " and %d more", len(like)-most)
	}
	return fmt.Errorf("%d commits begin so: %s; give more digits", len(like), names.String())
}

// refs returns the versions that two addresses name.
func (h *Handler) refs(ctx context.Context, a, b string) (pfs.Ref, pfs.Ref, error) {
	first, err := h.ref(ctx, a)
	if err != nil {
		return pfs.Ref{}, pfs.Ref{}, err
	}
	second, err := h.ref(ctx, b)
	return first, second, err
}
