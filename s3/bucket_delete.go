package s3

import "net/http"

// deleteBucket deletes a branch with all that is in it, and its repo with the last branch. An open commit can be written to,
// but is no branch.
func (h *Handler) deleteBucket(q *request) error {
	ref, _, err := h.writable(q)
	if err != nil {
		return err
	}
	if !ref.IsBranch() {
		return fail(codeMethodNotAllowed)
	}
	if err := h.store.DeleteBranch(q.Context(), ref, true); err != nil {
		return err
	}
	return q.w.empty(http.StatusNoContent)
}
