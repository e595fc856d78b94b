package s3

import (
	"context"
	"net/http"

	"pfsd/pfs"
)

// versionsStay is answered to who would delete a version.
const versionsStay = "History is immutable: a single version cannot be deleted. Delete the object, without a versionId, " +
	"to hide it from the branch; every commit before stays readable."

// deleteObject removes an object. To remove what is not there is no error, and no change.
func (h *Handler) deleteObject(q *request) error {
	ref, snapshot, err := h.writable(q)
	if err != nil {
		return err
	}
	if q.query.Has("versionId") {
		return failf(codeNotImplemented, versionsStay)
	}
	conditions, err := readDeleteConditions(q.Header, snapshot)
	if err != nil {
		return err
	}
	commit, err := h.store.Update(q.Context(), ref, q.by(), func(tx *pfs.Tx) error {
		_, err := h.remove(q.Context(), tx, q.key, conditions)
		return err
	})
	if err != nil {
		return h.unmatched(q, q.key, err)
	}
	if !commit.ID.IsZero() {
		q.w.setVersionID(commit.ID.String())
		q.w.Header().Set("X-Amz-Delete-Marker", "true")
	}
	return q.w.empty(http.StatusNoContent)
}

// unmatched returns the error of a conditional delete. As S3's "How to perform conditional deletes" has it, a key that is not
// there is not found, but where its latest version is a delete marker the precondition has failed.
func (h *Handler) unmatched(q *request, name string, err error) error {
	if apiErrorOf(err).code != codeNoSuchKey {
		return err
	}
	if _, ok := h.markerOf(q.Context(), q.bucket, name, ""); ok {
		return verdict{condition: "If-Match"}.err("")
	}
	return err
}

// remove removes the object at name and reports whether it was there. One that is not there matches no ETag, nor "*": who
// deletes what was read must not be told that it is done when another was first. The conditions on the size and the time hold
// for what is not there, as S3's "DeleteObject" has it. A directory becomes implicit, so that it goes when it is empty.
func (h *Handler) remove(ctx context.Context, tx *pfs.Tx, name string, c writeConditions) (bool, error) {
	var entry pfs.Entry
	key, err := parseKey(name)
	absent := err != nil // Nothing can be stored under such a key.
	if !absent {
		entry, err = tx.Stat(key.path)
		absent = isAbsent(err) || err == nil && !key.names(&entry)
	}
	switch {
	case absent && c.match != "":
		return false, fail(codeNoSuchKey)
	case absent:
		return false, nil
	case err != nil:
		return false, err
	}
	if err := h.check(ctx, tx, key, c); err != nil {
		return false, err
	}
	if key.dir {
		return true, tx.UnmakeDir(key.path)
	}
	return true, tx.Remove(key.path)
}

// isAbsent reports whether err says that there is nothing at a path.
func isAbsent(err error) bool {
	kind := pfs.KindOf(err)
	return kind == pfs.KindFileNotFound || kind == pfs.KindNotDir
}
