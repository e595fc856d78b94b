package s3

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// versionStore finds versions.
type versionStore interface {
	Snapshot(ctx context.Context, ref pfs.Ref) (*pfs.Snapshot, error)
	Commit(ctx context.Context, ref pfs.Ref) (pfs.Commit, error)
	Log(ctx context.Context, ref pfs.Ref, path string) iter.Seq2[pfs.LogEntry, error]
}

var _ versionStore = (*pfs.Store)(nil)

// parseBucket returns the version that a bucket's name addresses: a branch, a tag or a commit. Ancestry and "@" are part of
// addresses elsewhere, but of no bucket's name.
func parseBucket(name string) (pfs.Ref, error) {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return pfs.Ref{}, fail(codeInvalidBucketName)
		}
	}
	ref, err := pfs.ParseRef(name)
	if err != nil {
		return pfs.Ref{}, &apiError{code: codeInvalidBucketName, cause: err}
	}
	return ref, nil
}

// view returns the version that a bucket shows, or the given version in it: HEAD with ancestry, or a commit's id.
func (h *Handler) view(ctx context.Context, bucket, version string) (*pfs.Snapshot, error) {
	ref, err := parseBucket(bucket)
	if err != nil {
		return nil, err
	}
	if version != "" {
		if ref, err = ref.At(version); err != nil {
			return nil, err
		}
	}
	snapshot, err := h.store.Snapshot(ctx, ref)
	if pfs.KindOf(err) == pfs.KindCommitNotFound && version == "" {
		return nil, &apiError{code: codeNoSuchBucket, cause: err}
	}
	return snapshot, err
}

// writable returns the branch that the bucket of q names, and what it shows. A version that cannot change is refused.
func (h *Handler) writable(q *request) (pfs.Ref, *pfs.Snapshot, error) {
	ref, err := parseBucket(q.bucket)
	if err != nil {
		return pfs.Ref{}, nil, err
	}
	snapshot, err := h.view(q.Context(), q.bucket, "")
	if err != nil {
		return pfs.Ref{}, nil, err
	}
	if !snapshot.Version().Live {
		return pfs.Ref{}, nil, failf(codeMethodNotAllowed, codes[codeMethodNotAllowed].message+" Commits and tags cannot be changed.")
	}
	return ref, snapshot, nil
}

// bucketName returns the name under which a branch is listed: its repo's alone when it was made by that, and is still what
// that stands for.
func bucketName(b pfs.Branch) string {
	if b.Bare && b.Name == pfs.DefaultBranch {
		return b.Repo
	}
	return b.Name + "." + b.Repo
}
