package pfs_test

import (
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// Uploads expire by what was last done to them, on every branch; others and their parts stay.
func TestUploadsExpire(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s := pfstest.NewStoreWith(t, opts)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	dev := pfs.BranchRef("images", "dev")
	if _, err := s.CreateBranch(ctx, dev, pfs.BranchOptions{By: byCLI}); err != nil {
		t.Fatal(err)
	}
	create := func(ref pfs.Ref, path string) pfs.UploadID {
		t.Helper()
		u, err := s.CreateUpload(ctx, ref, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return u.ID
	}
	park := func(ref pfs.Ref, id pfs.UploadID, number int) {
		t.Helper()
		p, err := s.IngestPart(ctx, strings.NewReader(strings.Repeat("x", 100)), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Release()
		if _, err := s.PutPart(ctx, ref, id, number, p, nil); err != nil {
			t.Fatal(err)
		}
	}
	idle, other, busy := create(master, "idle"), create(dev, "other"), create(master, "busy")
	for number := range 3 {
		park(master, idle, number+1)
	}
	park(master, busy, 1)
	clock.Add(8 * 24 * time.Hour)
	park(master, busy, 2)
	fresh := create(master, "fresh")
	for round, want := range []int{2, 0} {
		n, err := s.ExpireUploads(ctx, clock.Now().Add(-7*24*time.Hour))
		if err != nil || n != want {
			t.Fatalf("round %d: %d expired, %v", round, n, err)
		}
	}
	for id, ref := range map[pfs.UploadID]pfs.Ref{idle: master, other: dev} {
		_, err := s.Upload(ctx, ref, id)
		wantKind(t, err, pfs.KindUploadNotFound)
	}
	for u, err := range s.Uploads(ctx, master, "", "", pfs.UploadID{}) {
		if err != nil || u.ID != busy && u.ID != fresh {
			t.Errorf("%+v, %v", u, err)
		}
	}
	if parts, err := s.Parts(ctx, master, busy, 0, 0); err != nil || len(parts) != 2 {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}
