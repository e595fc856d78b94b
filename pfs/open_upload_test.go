package pfs_test

import (
	"fmt"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// TestFinishCommitWithManyParts finishes an open commit with uploads in progress that have more parts than one transaction
// has room for.
func TestFinishCommitWithManyParts(t *testing.T) {
	s := newCountedStore(t)
	open, err := s.StartCommit(ctx, master, byCLI)
	noError(t, err)
	workspace := pfs.Ref{Repo: "images", Name: "master", Commit: open.ID}
	putFile(t, s.Store, workspace, "f", []byte("text"))
	for i := range 4 {
		u, err := s.CreateUpload(ctx, workspace, fmt.Sprint("u", i), nil)
		noError(t, err)
		encoded, err := cas.Part{}.AppendBinary(nil)
		noError(t, err)
		rec := schema.PartRecord{Part: encoded}
		var rows []kv.Row
		for n := range pfs.MaxParts {
			rows = append(rows, kv.Row{Key: schema.PartKey(u.ID, n+1), Value: rec.Append(nil)})
		}
		noError(t, s.rows.Put(ctx, rows))
	}
	if _, err := s.FinishCommit(ctx, workspace, byCLI, pfs.ResolveNone); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s.Store, master, "f"); got != "text" {
		t.Errorf("the branch has %q", got)
	}
	noError(t, s.rows.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(schema.UploadPrefix(), nil, false) {
			if err != nil {
				return err
			}
			t.Errorf("upload %x is still there", row.Key)
		}
		return nil
	}))
}
