package s3

import (
	"encoding/json"
	"net/http"

	"pfsd/pfs"
)

// tagsSetting is the name under which a branch keeps the tags of its bucket: JSON, a list of tags.
const tagsSetting = "s3.tags"

// maxBucketTags is how many tags a bucket may have.
const maxBucketTags = 50

// putBucketTagging replaces the tags of a bucket. They are the branch's, and no part of its history.
func (h *Handler) putBucketTagging(q *request) error {
	var asked struct {
		XMLName struct{} `xml:"Tagging"`
		TagSet  struct{ Tag []tag }
	}
	empty, err := h.readXML(q, &asked)
	if err != nil {
		return err
	}
	if empty {
		return fail(codeMalformedXML)
	}
	value, err := encodeBucketTags(asked.TagSet.Tag)
	if err != nil {
		return err
	}
	return h.setBucketTags(q, value)
}

// encodeBucketTags returns tags as a branch keeps them, when a bucket may have them; empty for none.
func encodeBucketTags(tags []tag) (string, error) {
	if len(tags) > maxBucketTags {
		return "", failf(codeBadRequest, "Bucket tag count cannot be greater than 50")
	}
	if len(tags) == 0 {
		return "", nil
	}
	if _, err := checkEachTag(tags); err != nil {
		return "", err
	}
	value, err := json.Marshal(tags)
	return string(value), err
}

// deleteBucketTagging takes the tags of a bucket away, if it has any.
func (h *Handler) deleteBucketTagging(q *request) error { return h.setBucketTags(q, "") }

func (h *Handler) setBucketTags(q *request, value string) error {
	ref, _, err := h.writable(q)
	if err != nil {
		return err
	}
	if !ref.IsBranch() {
		return failf(codeMethodNotAllowed, "The tags of an open commit's bucket are those of its branch.")
	}
	err = h.store.SetBranchSetting(q.Context(), ref, tagsSetting, value)
	if pfs.KindOf(err) == pfs.KindTooLarge {
		return &apiError{code: codeInvalidTag, message: "The tags are too large together.", cause: err}
	}
	if err != nil {
		return err
	}
	return q.w.empty(http.StatusNoContent)
}

// getBucketTagging answers the tags of a bucket; those of a commit's are its branch's.
func (h *Handler) getBucketTagging(q *request) error {
	if _, err := h.view(q.Context(), q.bucket, ""); err != nil {
		return err
	}
	var answer tagging
	ref, err := parseBucket(q.bucket)
	if err != nil {
		return err
	}
	branch, err := h.store.Branch(q.Context(), pfs.BranchRef(ref.Repo, ref.Name))
	if err != nil || json.Unmarshal([]byte(branch.Settings[tagsSetting]), &answer.TagSet.Tag) != nil || len(answer.TagSet.Tag) == 0 {
		return fail(codeNoSuchTagSet)
	}
	return q.w.xml(http.StatusOK, answer)
}
