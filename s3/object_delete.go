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
		return err
	}
	if !commit.ID.IsZero() {
		q.w.setVersionID(commit.ID.String())
		q.w.Header().Set("X-Amz-Delete-Marker", "true")
	}
	return q.w.empty(http.StatusNoContent)
}

// remove removes the object at name and reports whether it was there; for what is not there all conditions hold, as in S3.
// A directory becomes implicit, so that it goes when it is empty.
func (h *Handler) remove(ctx context.Context, tx *pfs.Tx, name string, c writeConditions) (bool, error) {
	key, err := parseKey(name)
	if err != nil {
		// Nothing can be stored under such a key.
		return false, nil
	}
	entry, err := tx.Stat(key.path)
	if isAbsent(err) || err == nil && !key.names(&entry) {
		return false, nil
	}
	if err != nil {
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
