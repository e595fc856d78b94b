package control_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

func TestParseRef(t *testing.T) {
	id := strings.Repeat("0f", 16)
	for _, c := range []struct {
		in, want  string
		mayCommit bool
	}{
		{"r", "master.r", false},
		{"b.r", "b.r", false},
		{"beef.r", "beef.r", true},
		{"bee.r", "bee.r", false},
		{"beef.b.r", "beef.b.r", true},
		{"beef^~2.b.r", "beef~3.b.r", true},
		{"r@beef.b", "beef.b.r", true},
		{id + ".r", id + ".r", true},
		{id + ".b.r", id + ".b.r", true},
		{id[:31] + ".b.r", id[:31] + ".b.r", true},
		{"bee.b.r", "", false},
		{"beeg.b.r", "", false},
		{"beef.b.c.r", "", false},
		{"beef.-.r", "", false},
		{"beef^x.b.r", "", false},
		{"beef", "master.beef", false},
		{"", "", false},
	} {
		ref, err := control.ParseRef(c.in)
		if c.want == "" {
			if pfs.KindOf(err) != pfs.KindInvalid {
				t.Errorf("ParseRef(%q) = %v, %v", c.in, ref, err)
			}
			continue
		}
		if err != nil || ref.String() != c.want || ref.MayBeCommit() != c.mayCommit {
			t.Errorf("ParseRef(%q) = %v, %t, %v; want %s, %t", c.in, ref, ref.MayBeCommit(), err, c.want, c.mayCommit)
		}
		if again, err := control.ParseRef(ref.String()); err != nil || again != ref {
			t.Errorf("ParseRef(%q) = %v, %v; want %v", ref, again, err, ref)
		}
	}
}

// alike is a source of ids that all begin with the same two bytes.
type alike struct{ io.Reader }

func (r alike) Read(b []byte) (int, error) {
	n, err := io.ReadFull(r.Reader, b)
	copy(b, []byte{0xab, 0xcd})
	return n, err
}

// TestAmbiguousRef names commits by digits that several begin with.
func TestAmbiguousRef(t *testing.T) {
	opts := pfstest.Options(t)
	opts.Rand = alike{opts.Rand}
	rt := control.NewInProcess(control.New(pfstest.NewStoreWith(t, opts),
		control.Config{Data: "/data", Now: time.Now, Doors: &noDoors{}}))
	t.Cleanup(rt.Wait)
	c := control.NewClient(rt)
	createRepo(t, c, "r")
	made := put(t, c, "r", map[string]string{"f": "1"})
	stat := func(ref string) (control.Stat, error) {
		return c.Stat(t.Context(), control.FileRequest{Ref: ref, Path: "f"})
	}
	_, err := stat("abcd.r")
	wantKind(t, "two commits", err, pfs.KindInvalid)
	if text := err.Error(); !strings.Contains(text, "2 commits begin so: ") || !strings.Contains(text, made.ID.String()) ||
		strings.Contains(text, "\n") {
		t.Errorf("the error says %q", text)
	}
	if s, err := stat(made.ID.String()[:10] + ".r"); err != nil || s.Address != made.ID.String()+".r" {
		t.Errorf("more digits: %+v, %v", s, err)
	}
	for range 10 {
		made = put(t, c, "r", map[string]string{"f": made.ID.String()})
	}
	if _, err := stat("abcd.master.r"); err == nil || !strings.Contains(err.Error(), "12 commits begin so: ") ||
		!strings.Contains(err.Error(), " and 4 more; give more digits") {
		t.Errorf("twelve commits: %v", err)
	}
	if _, err := c.CreateBranch(t.Context(), control.BranchRequest{Ref: "abcd.r", From: "r"}); err != nil {
		t.Fatal(err)
	}
	if _, err := stat("abcd.r"); err != nil {
		t.Errorf("the name of a branch: %v", err)
	}
}

// FuzzParseRef checks that what can be parsed has one canonical form, which is parsed as the same.
func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"r", "b.r", "beef.r", "beef.b.r", "beef^~2.b.r", "r@beef.b", "beef~.", "abcd^9.b", strings.Repeat("0f", 16) + ".b.r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := control.ParseRef(s)
		if err != nil {
			if pfs.KindOf(err) != pfs.KindInvalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if again, err := control.ParseRef(ref.String()); err != nil || again != ref {
			t.Fatalf("%q is %v, which is parsed as %v, %v", s, ref, again, err)
		}
	})
}
