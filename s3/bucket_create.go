package s3

import (
	"context"
	"net/http"
	"strings"

	"pfsd/pfs"
)

// branchStore makes, deletes and lists branches.
type branchStore interface {
	CreateBranch(ctx context.Context, ref pfs.Ref, o pfs.BranchOptions) (pfs.Branch, error)
	DeleteBranch(ctx context.Context, ref pfs.Ref, withRepo bool) error
	Branches(ctx context.Context, repo string) ([]pfs.Branch, error)
}

var _ branchStore = (*pfs.Store)(nil)

// createBucket makes a branch, and its repo when missing, under every name that they can have; clients that keep to S3's
// narrower rules send no others. The answer to a bucket that is there, as whatever version, is that it is the client's already.
func (h *Handler) createBucket(q *request) error {
	ref, err := parseBucket(q.bucket)
	if err != nil {
		return err
	}
	if q.Header.Get("X-Amz-Bucket-Object-Lock-Enabled") == "true" {
		return failf(codeNotImplemented, "Object lock is not implemented.")
	}
	if err := q.refuseACL(); err != nil {
		return err
	}
	var configuration struct {
		XMLName            struct{} `xml:"CreateBucketConfiguration"`
		LocationConstraint string
		Tag                []tag `xml:"Tags>Tag"`
	}
	if _, err := h.readXML(q, &configuration); err != nil {
		return err
	}
	tags, err := encodeBucketTags(configuration.Tag)
	if err != nil {
		return err
	}
	if _, err := h.store.Snapshot(q.Context(), ref); err == nil {
		return fail(codeBucketAlreadyOwnedByYou)
	}
	if !ref.Commit.IsZero() {
		return fail(codeInvalidBucketName)
	}
	_, err = h.store.CreateBranch(q.Context(), ref, pfs.BranchOptions{
		CreateRepo: true, Bare: !strings.Contains(q.bucket, "."), Owner: h.cfg.Owner, By: q.by(),
	})
	if err != nil {
		return err
	}
	if tags != "" {
		if err := h.store.SetBranchSetting(q.Context(), ref, tagsSetting, tags); err != nil {
			return err
		}
	}
	q.w.Header().Set("Location", "/"+q.bucket)
	return q.w.empty(http.StatusOK)
}
