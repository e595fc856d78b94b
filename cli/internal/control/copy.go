package control

import (
	"context"
	"errors"
	"path"
	"strings"

	"pfsd/pfs"
)

// copyFiles copies files, and with Recursive directories, of any versions into a branch, in one commit. No bytes move.
func (h *Handler) copyFiles(ctx context.Context, r FilesRequest) (Commit, error) {
	versions := make([]*pfs.Snapshot, len(r.Sources))
	for i, source := range r.Sources {
		var err error
		if versions[i], err = h.snapshot(ctx, source.Ref, false); err != nil {
			return Commit{}, err
		}
		e, err := versions[i].Stat(ctx, source.Path)
		if err != nil {
			return Commit{}, at(source, err)
		}
		if e.IsDir() && !r.Recursive {
			return Commit{}, refuse(pfs.KindIsDir, source, "copy it with -r")
		}
	}
	return h.arrange(ctx, r, func(tx *pfs.Tx, i int, to string) error {
		source := r.Sources[i]
		if source.Ref == r.Ref && within(to, source.Path) {
			return refuse(pfs.KindInvalid, source, "it cannot be copied into itself")
		}
		from, err := versions[i].Stat(ctx, source.Path)
		if err != nil {
			return err
		}
		return copying{tx, versions[i], r.Ref}.copy(ctx, to, source.Path, from)
	})
}

// copying is a copy from a version into a branch.
type copying struct {
	tx   *pfs.Tx
	from *pfs.Snapshot
	ref  string
}

// copy puts what the version has at source at to. As with cp(1) a directory goes over another one name by name, files are
// replaced, and neither takes the place of the other.
func (c copying) copy(ctx context.Context, to, source string, entry pfs.Entry) error {
	there, err := c.tx.Stat(to)
	switch {
	case pfs.KindOf(err) == pfs.KindFileNotFound:
		return c.tx.Copy(to, c.from, source)
	case err != nil:
		return err
	case entry.IsDir() != there.IsDir():
		return refuse(pfs.KindExists, Place{c.ref, to}, "only one of the two is a directory: remove it first")
	case !entry.IsDir():
		return c.tx.Copy(to, c.from, source)
	}
	for e, err := range c.from.List(ctx, source, "") {
		if err == nil {
			err = c.copy(ctx, path.Join(to, e.Name), path.Join(source, e.Name), e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moveFiles moves files and directories of a branch, in one commit.
func (h *Handler) moveFiles(ctx context.Context, r FilesRequest) (Commit, error) {
	return h.arrange(ctx, r, func(tx *pfs.Tx, i int, to string) error {
		if to == "" {
			return refuse(pfs.KindExists, Place{r.Ref, to}, "the root cannot be replaced")
		}
		if source := r.Sources[i].Path; to != source && within(to, source) {
			return refuse(pfs.KindInvalid, Place{r.Ref, source}, "it cannot be moved into itself")
		}
		if err := makeParents(tx, to); err != nil {
			return err
		}
		return tx.Rename(r.Sources[i].Path, to, pfs.RenameReplace)
	})
}

// arrange runs each for every source with the path that it is to get, in one transaction.
func (h *Handler) arrange(ctx context.Context, r FilesRequest, each func(tx *pfs.Tx, i int, to string) error) (Commit, error) {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return Commit{}, err
	}
	commit, err := h.changes.Update(ctx, ref, r.By.by(r.Message), func(tx *pfs.Tx) error {
		dest, err := tx.Stat(r.To)
		isDir := err == nil && dest.IsDir()
		switch {
		case err != nil && pfs.KindOf(err) != pfs.KindFileNotFound:
			return err
		case !isDir && len(r.Sources) > 1:
			return refuse(pfs.KindNotDir, Place{r.Ref, r.To}, "several files go into a directory: make it with pfsd mkdir")
		case !isDir && r.Into:
			return refuse(pfs.KindFileNotFound, Place{r.Ref, r.To}, "make the directory with pfsd mkdir")
		}
		for i, source := range r.Sources {
			to := r.To
			if isDir && source.Path != "" {
				to = path.Join(to, path.Base(source.Path))
			}
			if err := each(tx, i, to); err != nil {
				return err
			}
		}
		return nil
	})
	return commitOf(commit), err
}

// makeDirs makes directories, in one commit.
func (h *Handler) makeDirs(ctx context.Context, r FilesRequest) (Commit, error) {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return Commit{}, err
	}
	commit, err := h.changes.Update(ctx, ref, r.By.by(r.Message), func(tx *pfs.Tx) error {
		for _, dir := range r.Paths {
			if err := makeDir(tx, r, dir); err != nil {
				return err
			}
		}
		return nil
	})
	return commitOf(commit), err
}

func makeDir(tx *pfs.Tx, r FilesRequest, dir string) error {
	e, err := tx.Stat(dir)
	switch {
	case err == nil && r.Parents && e.IsDir() && e.Explicit:
		return nil
	case err == nil && !r.Parents:
		return refuse(pfs.KindExists, Place{r.Ref, dir}, "take it as it is with -p")
	}
	if parent := path.Dir(dir); !r.Parents && parent != "." {
		if _, err := tx.Stat(parent); err != nil {
			return refuse(pfs.KindFileNotFound, Place{r.Ref, parent}, "make it, too, with -p")
		}
	}
	return tx.MakeDir(dir, nil)
}

// makeParents makes the directories above a path that are missing.
func makeParents(tx *pfs.Tx, name string) error {
	parent := path.Dir(name)
	if parent == "." {
		return nil
	}
	if _, err := tx.Stat(parent); pfs.KindOf(err) != pfs.KindFileNotFound {
		return err
	}
	return tx.MakeDir(parent, nil)
}

// within reports whether a path is dir or below it.
func within(name, dir string) bool {
	return dir == "" || name == dir || strings.HasPrefix(name, dir+"/")
}

// refuse returns an error about a path, with what to do about it.
func refuse(kind pfs.Kind, where Place, remedy string) error {
	return &pfs.Error{Op: "control.files", Kind: kind, Ref: where.Ref, Path: where.Path, Err: errors.New(remedy)}
}

// at returns err with the place that it is about.
func at(where Place, err error) error {
	var e *pfs.Error
	if !errors.As(err, &e) || e.Ref != "" {
		return err
	}
	located := *e
	located.Ref, located.Path = where.Ref, where.Path
	return &located
}
