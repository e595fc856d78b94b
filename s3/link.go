package s3

import "pfsd/pfs"

// link is a write of one object: what is to stand at a key, if the conditions hold.
type link struct {
	ref     pfs.Ref
	key     objectKey
	content pfs.Content
	meta    *pfs.Meta
	// mtime in nanoseconds; 0 for the time of the change.
	mtime      int64
	conditions writeConditions
	// upload is ended in the same transaction; zero for none.
	upload pfs.UploadID
}

// link makes the write of l, in one commit.
func (h *Handler) link(q *request, l *link) (pfs.Commit, error) {
	return h.store.Update(q.Context(), l.ref, q.by(), func(tx *pfs.Tx) error {
		if err := h.check(q.Context(), tx, l.key, l.conditions); err != nil {
			return err
		}
		if l.key.dir {
			return tx.MakeDir(l.key.path, l.meta)
		}
		if !l.upload.IsZero() {
			if err := tx.EndUpload(l.upload); err != nil {
				return err
			}
		}
		return tx.PutFile(l.key.path, l.content, l.meta, l.mtime)
	})
}
