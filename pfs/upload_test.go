package pfs_test

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs"
)

func TestUploadJoinsToTheSameContent(t *testing.T) {
	s := newImages(t)
	random := rand.New(rand.NewSource(1))
	whole := make([]byte, 40<<20)
	random.Read(whole)
	clear(whole[11<<20 : 14<<20])
	want, err := s.Ingest(ctx, bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	defer want.Release()
	for _, size := range []int{5 << 20, 8 << 20, 7<<20 + 13, 41 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			u, err := s.CreateUpload(ctx, master, "a/b", nil)
			if err != nil {
				t.Fatal(err)
			}
			var numbers []int
			for off := 0; off < len(whole); off += size {
				numbers = append(numbers, len(numbers)+1)
			}
			for _, i := range random.Perm(len(numbers)) {
				piece := whole[i*size : min(len(whole), (i+1)*size)]
				part, err := s.IngestPart(ctx, bytes.NewReader(piece), int64(i*len(piece)))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.PutPart(ctx, master, u.ID, i+1, part, nil); err != nil {
					t.Fatal(err)
				}
				part.Release()
			}
			parts, err := s.Parts(ctx, master, u.ID, 1, 2)
			if err != nil || len(parts) != min(2, len(numbers)-1) {
				t.Errorf("parts after 1: %v (%v)", parts, err)
			}
			chosen, err := s.Parts(ctx, master, u.ID, 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			joined, err := s.JoinParts(ctx, master, u.ID, chosen)
			if err != nil {
				t.Fatal(err)
			}
			defer joined.Release()
			if joined.Content != want.Content {
				t.Errorf("joined %+v, want %+v", joined.Content, want.Content)
			}
			end := func(tx *pfs.Tx) error {
				if err := tx.EndUpload(u.ID); err != nil {
					return err
				}
				return tx.PutFile("a/b", joined.Content, u.Meta, 0)
			}
			update(t, s, master, end)
			_, err = s.Update(ctx, master, byCLI, end)
			wantKind(t, err, pfs.KindUploadNotFound)
			if parts, err := s.Parts(ctx, master, u.ID, 0, 0); pfs.KindOf(err) != pfs.KindUploadNotFound {
				t.Errorf("parts of an ended upload: %v (%v)", parts, err)
			}
		})
	}
}

func TestPartReplacedBeforeJoin(t *testing.T) {
	s := newImages(t)
	u, err := s.CreateUpload(ctx, master, "a", nil)
	if err != nil {
		t.Fatal(err)
	}
	put := func(text string) pfs.Part {
		t.Helper()
		p, err := s.IngestPart(ctx, strings.NewReader(text), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Release()
		part, err := s.PutPart(ctx, master, u.ID, 1, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return part
	}
	old := put("old")
	put("new")
	_, err = s.JoinParts(ctx, master, u.ID, []pfs.Part{old})
	wantKind(t, err, pfs.KindInvalid)
}

func TestUploadsAreListedInOrder(t *testing.T) {
	s := newImages(t)
	var want []pfs.Upload
	for _, path := range []string{"a", "a", "a/b", "b", "ba"} {
		u, err := s.CreateUpload(ctx, master, path, &pfs.Meta{ContentType: "text/x"})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, u)
	}
	list := func(prefix, path string, id pfs.UploadID) (paths []string, last pfs.Upload) {
		for u, err := range s.Uploads(ctx, master, prefix, path, id) {
			if err != nil {
				t.Fatal(err)
			}
			paths, last = append(paths, u.Path), u
		}
		return paths, last
	}
	for _, tt := range []struct {
		prefix, path string
		id           pfs.UploadID
		want         string
	}{
		{"", "", pfs.UploadID{}, "[a a a/b b ba]"}, {"a", "", pfs.UploadID{}, "[a a a/b]"},
		{"", "a", pfs.UploadID{}, "[a/b b ba]"}, {"b", "b", want[3].ID, "[ba]"}, {"c", "", pfs.UploadID{}, "[]"},
	} {
		if got, _ := list(tt.prefix, tt.path, tt.id); fmt.Sprint(got) != tt.want {
			t.Errorf("uploads of %q after %q: %v, want %s", tt.prefix, tt.path, got, tt.want)
		}
	}
	if err := s.AbortUpload(ctx, master, want[0].ID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.AbortUpload(ctx, master, want[0].ID), pfs.KindUploadNotFound)
	if _, err := s.CreateBranch(ctx, pfs.BranchRef("images", "dev"), pfs.BranchOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Upload(ctx, pfs.BranchRef("images", "dev"), want[1].ID)
	wantKind(t, err, pfs.KindUploadNotFound)
	if err := s.DeleteBranch(ctx, master, false); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Status(ctx); err != nil || st.Uploads != 0 {
		t.Errorf("%d uploads are left of a deleted branch (%v)", st.Uploads, err)
	}
}

// Uploads of one path come in the order in which they began, though the clock stands still, and pages of them meet exactly,
// though the upload at the seam has ended.
func TestUploadsOfOnePath(t *testing.T) {
	const many = 2*256 + 7 // three batches of rows
	s := newImages(t)
	var want []pfs.UploadID
	for range many {
		u, err := s.CreateUpload(ctx, master, "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, u.ID)
		if _, err := s.CreateUpload(ctx, master, "k\x01", nil); err != nil {
			t.Fatal(err)
		}
	}
	page := func(after pfs.UploadID, limit int) (ids []pfs.UploadID) {
		for u, err := range s.Uploads(ctx, master, "k", "k", after) {
			if err != nil {
				t.Fatal(err)
			}
			if u.Path == "k" {
				ids = append(ids, u.ID)
			}
			if len(ids) == limit {
				break
			}
		}
		return ids
	}
	for _, size := range []int{1, 100, 256, many} {
		got := want[:1:1]
		for len(got) < many {
			got = append(got, page(got[len(got)-1], size)...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("pages of %d: %d uploads, not those in order", size, len(got))
		}
	}
	if err := s.AbortUpload(ctx, master, want[9]); err != nil {
		t.Fatal(err)
	}
	if got := page(want[9], 1); got[0] != want[10] {
		t.Error("behind an upload that has ended another comes than the next")
	}
	behind := 0
	for u, err := range s.Uploads(ctx, master, "", "k", pfs.UploadID{}) {
		if err != nil || u.Path != "k\x01" {
			t.Fatalf("behind the path: %q, %v", u.Path, err)
		}
		behind++
	}
	if behind != many {
		t.Errorf("%d uploads are behind the path, want %d", behind, many)
	}
}

// An upload that ends while its parts are read has all of them or is not found; it never has some.
func TestPartsOfAnEndingUpload(t *testing.T) {
	s := newImages(t)
	part, err := s.IngestPart(ctx, strings.NewReader("part"), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer part.Release()
	for range 200 {
		u, err := s.CreateUpload(ctx, master, "a", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutPart(ctx, master, u.ID, 1, part, nil); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.AbortUpload(ctx, master, u.ID) }()
		for {
			parts, err := s.Parts(ctx, master, u.ID, 0, 0)
			if pfs.KindOf(err) == pfs.KindUploadNotFound {
				break
			}
			if err != nil || len(parts) != 1 {
				t.Fatalf("an upload of one part has %v (%v)", parts, err)
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
