package pfs

import (
	"context"
	"fmt"
	"io"

	"pfsd/pfs/internal/live"
)

const (
	// lostFiles and lostBytes are after how many lost files, or bytes of them, a commit is made.
	lostFiles, lostBytes = 500, 1 << 30
)

// RestoredLost is what RestoreLost has done.
type RestoredLost struct {
	// Files and Bytes are what was put on the branch, Commits in how many commits.
	Files   int64 `json:"files"`
	Bytes   int64 `json:"bytes"`
	Commits int64 `json:"commits"`
	// Repos are the repos whose records were lost, by the names that they have now.
	Repos []string `json:"repos,omitempty"`
	// Damaged says of each content that cannot be read whole why.
	Damaged []string `json:"damaged,omitempty"`
}

// RestoreLost gives each repo that is only known by its branches and commits a record again, with a name that begins with lost-, and
// puts the LostContents on a branch, which it makes if need be, as files with the names that name gives them, whose argument has its
// hash set. It makes a commit of every 500 files, or GiB. What is put is read and hashed as a whole. No garbage is collected
// meanwhile. Errors are as with Update; what was put before is there all the same.
func (s *Store) RestoreLost(ctx context.Context, ref Ref, by By, name func(LostContent) string) (*RestoredLost, error) {
	const op = "pfs.RestoreLost"
	unlock, err := s.upkeep.lock(ctx)
	if err != nil {
		return nil, wrap(op, err, "", "")
	}
	defer unlock()
	r := &lostRestore{store: s, ref: ref, by: by, name: name, done: &RestoredLost{}}
	if r.done.Repos, err = s.restoreRepos(ctx); err != nil {
		return nil, wrap(op, err, "", "")
	}
	r.marks = &nameMarks{store: s, ctx: ctx, rows: live.NewSet()}
	err = r.marks.eachLost(func(c LostContent) error { return r.take(ctx, c) })
	if err == nil {
		err = r.commit(ctx)
	}
	r.release()
	return r.done, wrap(op, err, ref.String(), "")
}

// lostRestore is one run of RestoreLost.
type lostRestore struct {
	store *Store
	ref   Ref
	by    By
	name  func(LostContent) string
	marks *nameMarks
	done  *RestoredLost
	// files are what the next commit puts, of so many bytes.
	files map[string]*Ingested
	bytes int64
}

// take stores the bytes of a lost content as what they are when they are uploaded.
func (r *lostRestore) take(ctx context.Context, c LostContent) error {
	var in *Ingested
	err := c.Err
	if err == nil {
		in, err = r.store.Ingest(ctx, io.NewSectionReader(c.reader, 0, c.Size))
	}
	switch {
	case classify(err) == KindCorrupt || KindOf(err) == KindCorrupt:
		r.done.Damaged = append(r.done.Damaged, fmt.Sprintf("%d bytes: %v", c.Size, err))
		return nil
	case err != nil:
		return err
	}
	c.Hash, c.reader = in.Content.Hash, nil
	if r.files == nil {
		r.files = map[string]*Ingested{}
	}
	path := r.name(c)
	if before := r.files[path]; before != nil {
		before.Release()
	}
	r.files[path] = in
	// What is made of it may be rows that are still to come.
	if err := r.marks.content(in.Content); err != nil {
		return err
	}
	if r.bytes += c.Size; r.bytes < lostBytes && len(r.files) < lostFiles {
		return nil
	}
	return r.commit(ctx)
}

// commit puts the files.
func (r *lostRestore) commit(ctx context.Context) error {
	if len(r.files) == 0 {
		return nil
	}
	_, err := r.store.CreateBranch(ctx, r.ref, BranchOptions{By: r.by, CreateRepo: true})
	if err != nil && KindOf(err) != KindExists {
		return err
	}
	_, err = r.store.Update(ctx, r.ref, r.by, func(tx *Tx) error {
		for path, in := range r.files {
			if err := tx.PutFile(path, in.Content, nil, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.done.Files += int64(len(r.files))
	r.done.Bytes += r.bytes
	r.done.Commits++
	r.release()
	return nil
}

func (r *lostRestore) release() {
	for _, in := range r.files {
		in.Release()
	}
	r.files, r.bytes = nil, 0
}
