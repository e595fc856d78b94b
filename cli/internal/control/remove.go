package control

import (
	"context"

	"pfsd/pfs"
)

// remove removes files, and with Recursive directories, in one commit. All or none are removed.
func (h *Handler) remove(ctx context.Context, r RemoveRequest) (Commit, error) {
	ref, err := pfs.ParseRef(r.Ref)
	if err != nil {
		return Commit{}, err
	}
	commit, err := h.changes.Update(ctx, ref, r.By.by(r.Message), func(tx *pfs.Tx) error {
		for _, path := range r.Paths {
			if err := removePath(tx, path, r.Recursive); err != nil {
				return err
			}
		}
		return nil
	})
	return commitOf(commit), err
}

func removePath(tx *pfs.Tx, path string, recursive bool) error {
	e, err := tx.Stat(path)
	switch {
	case err != nil:
		return err
	case !e.IsDir():
		return tx.Remove(path)
	case !recursive:
		return &pfs.Error{Op: "control.remove", Kind: pfs.KindIsDir, Path: path}
	}
	return removeTree(tx, path)
}

// removeTree removes the directory at path with all that is in it. The root itself stays.
func removeTree(tx *pfs.Tx, path string) error {
	// The directory changes below the loop that empties it, so its names are gathered first.
	var entries []pfs.Entry
	for e, err := range tx.List(path, "") {
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	for _, e := range entries {
		child := e.Name
		if path != "" {
			child = path + "/" + e.Name
		}
		remove := tx.Unlink
		if e.IsDir() {
			remove = func(path string) error { return removeTree(tx, path) }
		}
		if err := remove(child); err != nil {
			return err
		}
	}
	if path == "" {
		return nil
	}
	return tx.Rmdir(path)
}
