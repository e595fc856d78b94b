package control

import (
	"context"
	"iter"
	"strings"

	"pfsd/pfs"
)

// fileStore is what reading versions needs of the core.
type fileStore interface {
	Snapshot(ctx context.Context, ref pfs.Ref) (*pfs.Snapshot, error)
	cutter
}

// contentStore is what reading bytes needs of the core.
type contentStore interface {
	OpenContent(c pfs.Content) *pfs.File
	Chunks(ctx context.Context, c pfs.Content) iter.Seq2[pfs.Extent, error]
}

var (
	_ fileStore    = (*pfs.Store)(nil)
	_ contentStore = (*pfs.Store)(nil)
)

// snapshot returns the version that address names, see Handler.ref. An ancestor is looked for after what is pending has been committed,
// since commits are counted; so is any version when commits is set, for those who ask which commit made what they see.
func (h *Handler) snapshot(ctx context.Context, address string, commits bool) (*pfs.Snapshot, error) {
	ref, err := h.ref(ctx, address)
	if err != nil {
		return nil, err
	}
	if ref.Committed || commits {
		if err := cut(ctx, h.files, ref); err != nil {
			return nil, err
		}
	}
	return h.files.Snapshot(ctx, ref)
}

func (h *Handler) stat(ctx context.Context, r FileRequest) (Stat, error) {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return Stat{}, err
	}
	// From here on an id is whole: who asks can go on with the address of the answer.
	r.Ref = ref.String()
	snap, err := h.snapshot(ctx, r.Ref, true)
	if err != nil {
		return Stat{}, err
	}
	e, err := snap.Stat(ctx, r.Path)
	if err != nil {
		return Stat{}, err
	}
	s := statOf(r.Ref, r.Path, e, snap.Version().Pending)
	s.ReadOnly = !snap.Version().Live
	if !r.Chunks || e.Kind != pfs.EntryFile {
		return s, nil
	}
	s.Chunks = []pfs.Extent{}
	for x, err := range h.contents.Chunks(ctx, e.Content) {
		if err != nil {
			return Stat{}, err
		}
		s.Chunks = append(s.Chunks, x)
	}
	return s, nil
}

// list yields what is in a directory, or all that is below it; of anything else, itself.
func (h *Handler) list(ctx context.Context, r FileRequest) iter.Seq2[Entry, error] {
	snap, err := h.snapshot(ctx, r.Ref, false)
	if err != nil {
		return failed[Entry](err)
	}
	e, err := snap.Stat(ctx, r.Path)
	if err != nil {
		return failed[Entry](err)
	}
	return func(yield func(Entry, error) bool) {
		pending := snap.Version().Pending
		if !e.IsDir() {
			yield(entryOf(r.Path, e, pending), nil)
			return
		}
		for item, err := range below(ctx, snap, r.Path, r.Recursive) {
			if !yield(entryOf(strings.TrimSuffix(item.Path, "/"), item.Entry, pending), err) || err != nil {
				return
			}
		}
	}
}

// below yields the entries of a directory, or, when recursive, of all the directories below it too, with their whole
// paths; directories come before what is in them.
func below(ctx context.Context, snap *pfs.Snapshot, dir string, recursive bool) iter.Seq2[pfs.Item, error] {
	prefix := dir
	if dir != "" {
		prefix += "/"
	}
	return func(yield func(pfs.Item, error) bool) {
		if !recursive {
			for e, err := range snap.List(ctx, dir, "") {
				if !yield(pfs.Item{Path: prefix + e.Name, Entry: e}, err) || err != nil {
					return
				}
			}
			return
		}
		for item, err := range snap.Walk(ctx, prefix, "") {
			// A walk of a prefix "dir/" begins with the directory itself.
			if err == nil && item.Path == prefix {
				continue
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// checkReadable returns an error unless e has bytes.
func checkReadable(e pfs.Entry, r FileRequest) error {
	switch e.Kind {
	case pfs.EntryFile:
		return nil
	case pfs.EntryDir:
		return &pfs.Error{Op: "control.get", Kind: pfs.KindIsDir, Ref: r.Ref, Path: r.Path}
	default:
		return &pfs.Error{Op: "control.get", Kind: pfs.KindInvalid, Ref: r.Ref, Path: r.Path, Err: errNotAFile}
	}
}
