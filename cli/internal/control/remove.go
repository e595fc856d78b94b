package control

import (
	"context"
	"errors"

	"pfsd/pfs"
)

// remove removes files, and with Recursive directories, in one commit. All or none are removed.
func (h *Handler) remove(ctx context.Context, r RemoveRequest) (Commit, error) {
	ref, err := h.ref(ctx, r.Ref)
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

// errRecursive says how a directory is removed.
var errRecursive = errors.New("remove it, with all that is in it, with -r")

func removePath(tx *pfs.Tx, path string, recursive bool) error {
	e, err := tx.Stat(path)
	switch {
	case err != nil:
		return err
	case !e.IsDir():
		return tx.Remove(path)
	case !recursive:
		return &pfs.Error{Op: "control.remove", Kind: pfs.KindIsDir, Path: path, Err: errRecursive}
	}
	return removeTree(tx, path)
}

// removeTree removes the directory at path with all that is in it, however much that is. The root itself stays.
func removeTree(tx *pfs.Tx, path string) error {
	if path != "" {
		return tx.RemoveAll(path)
	}
	// The directory changes below the loop that empties it, so its names are gathered first.
	var names []string
	for e, err := range tx.List("", "") {
		if err != nil {
			return err
		}
		names = append(names, e.Name)
	}
	for _, name := range names {
		if err := tx.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}
