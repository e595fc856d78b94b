package s3

import (
	"context"
	"net/http"
	"slices"

	"pfsd/pfs"
)

// maxDeletes is how many keys one DeleteObjects may name.
const maxDeletes = 1000

// deleteRequest is the body of DeleteObjects.
type deleteRequest struct {
	XMLName struct{} `xml:"Delete"`
	Quiet   bool
	Object  []deleteItem
}

type deleteItem struct {
	Key              string
	VersionID        *string `xml:"VersionId"`
	ETag             string
	Size             *int64
	LastModifiedTime string
}

type deletedItem struct {
	Key                   string
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type deleteError struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	Code      string
	Message   string
}

// deleteResult is the answer.
type deleteResult struct {
	XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Deleted []deletedItem
	Error   []deleteError
}

// deleteObjects removes up to 1,000 objects in one commit. What cannot be removed is answered key by key, and does not keep
// the others.
func (h *Handler) deleteObjects(q *request) error {
	ref, snapshot, err := h.writable(q)
	if err != nil {
		return err
	}
	var asked deleteRequest
	if _, err := h.readXML(q, &asked); err != nil {
		return err
	}
	keyless := func(item deleteItem) bool { return item.Key == "" }
	if len(asked.Object) == 0 || len(asked.Object) > maxDeletes || slices.ContainsFunc(asked.Object, keyless) {
		return fail(codeMalformedXML)
	}
	var result deleteResult
	commit, err := h.store.Update(q.Context(), ref, q.by(), func(tx *pfs.Tx) error {
		// The function may run again.
		result = deleteResult{}
		for i := range asked.Object {
			if err := h.deleteItem(q.Context(), tx, &asked.Object[i], &result, snapshot); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range result.Error {
		result.Error[i].unmatched(h, q)
	}
	for i := range result.Deleted {
		item := &result.Deleted[i]
		if commit.ID.IsZero() {
			item.DeleteMarker = false
		}
		if item.DeleteMarker {
			item.DeleteMarkerVersionID = commit.ID.String()
		}
	}
	if asked.Quiet {
		result.Deleted = nil
	}
	return q.w.xml(http.StatusOK, result)
}

// deleteItem removes one object and adds what came of it to result. seen is the branch as it was when the request came. It
// returns only errors that concern all objects.
func (h *Handler) deleteItem(
	ctx context.Context, tx *pfs.Tx, item *deleteItem, result *deleteResult, seen *pfs.Snapshot,
) error {
	removed := false
	conditions, err := item.conditions()
	if err == nil {
		conditions.seen = seen
		removed, err = h.remove(ctx, tx, item.Key, conditions)
	}
	if err == nil {
		result.Deleted = append(result.Deleted, deletedItem{Key: item.Key, DeleteMarker: removed})
		return nil
	}
	api := apiErrorOf(err)
	row := codes[api.code]
	if row.status >= http.StatusInternalServerError && api.code != codeNotImplemented || api.code == codeClientGone {
		return err
	}
	failed := deleteError{Key: item.Key, Code: string(api.code), Message: row.message}
	if api.message != "" {
		failed.Message = api.message
	}
	if item.VersionID != nil {
		failed.VersionID = *item.VersionID
	}
	result.Error = append(result.Error, failed)
	return nil
}

// unmatched tells a key that is not there from one whose latest version is a delete marker. It is looked at behind the
// transaction, which others wait for.
func (e *deleteError) unmatched(h *Handler, q *request) {
	if e.Code != string(codeNoSuchKey) {
		return
	}
	c := apiErrorOf(h.unmatched(q, e.Key, fail(codeNoSuchKey))).code
	e.Code, e.Message = string(c), codes[c].message
}

// conditions returns under which conditions the object is to be removed.
func (i *deleteItem) conditions() (writeConditions, error) {
	c := writeConditions{match: i.ETag, size: i.Size}
	if i.VersionID != nil && *i.VersionID != "" {
		return c, failf(codeNotImplemented, versionsStay)
	}
	if i.LastModifiedTime != "" {
		modified, ok := readDate(i.LastModifiedTime)
		if !ok {
			return c, failf(codeInvalidArgument, "LastModifiedTime must be a date.")
		}
		c.modified = &modified
	}
	return c, nil
}
