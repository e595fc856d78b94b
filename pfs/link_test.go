package pfs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// newLinked returns a store whose master has a file of two names, a/one and b/two, and others beside them.
func newLinked(t testing.TB) *pfs.Store {
	s := newImages(t)
	put(t, s, master, "a/one", "first")
	put(t, s, master, "b/else", "else")
	update(t, s, master, func(tx *pfs.Tx) error { return tx.Link("a/one", "b/two") })
	return s
}

// rewrite gives the file at path another text.
func rewrite(c pfs.Content, path string) func(*pfs.Tx) error {
	return func(tx *pfs.Tx) error {
		return tx.Edit(path, func(e *pfs.Entry) error { e.Content = c; return nil })
	}
}

// names returns the paths of a version with the number of names of each, and equal letters for names of one file.
func names(t testing.TB, s *pfs.Store, ref pfs.Ref) string {
	t.Helper()
	snap, err := s.Snapshot(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ids := map[pfs.LinkID]string{}
	for item, err := range snap.Walk(ctx, "", "") {
		if err != nil {
			t.Fatal(err)
		}
		e := item.Entry
		if e.IsDir() {
			continue
		}
		text := item.Path + "=" + read(t, s, ref, item.Path)
		if !e.Link.IsZero() {
			if ids[e.Link] == "" {
				ids[e.Link] = string(rune('A' + len(ids)))
			}
			text += fmt.Sprintf(":%s%d", ids[e.Link], e.NLink)
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func wantNames(t testing.TB, s *pfs.Store, ref pfs.Ref, want string) {
	t.Helper()
	if got := names(t, s, ref); got != want {
		t.Errorf("%s:\ngot  %s\nwant %s", ref, got, want)
	}
}

func TestLink(t *testing.T) {
	for _, test := range []struct {
		name string
		fn   func(tx *pfs.Tx, c pfs.Content) error
		want string
	}{
		{"nothing", func(*pfs.Tx, pfs.Content) error { return nil }, "a/one=first:A2 b/else=else b/two=first:A2"},
		{"a write through one name", func(tx *pfs.Tx, c pfs.Content) error { return rewrite(c, "b/two")(tx) },
			"a/one=new:A2 b/else=else b/two=new:A2"},
		{"a third name", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Link("b/two", "c") },
			"a/one=first:A3 b/else=else b/two=first:A3 c=first:A3"},
		{"a put on one name", func(tx *pfs.Tx, c pfs.Content) error { return tx.PutFile("a/one", c, nil, 0) },
			"a/one=new b/else=else b/two=first:A1"},
		{"an unlink", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Unlink("a/one") }, "b/else=else b/two=first:A1"},
		{"a remove", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Remove("b/two") }, "a/one=first:A1 b/else=else"},
		{"a directory removed", func(tx *pfs.Tx, _ pfs.Content) error { return tx.RemoveAll("b") }, "a/one=first:A1"},
		{"both removed", func(tx *pfs.Tx, _ pfs.Content) error {
			if err := tx.RemoveAll("b"); err != nil {
				return err
			}
			return tx.Unlink("a/one")
		}, ""},
		{"a rename", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Rename("a/one", "c", 0) },
			"b/else=else b/two=first:A2 c=first:A2"},
		{"a rename of the directory", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Rename("a", "c", 0) },
			"b/else=else b/two=first:A2 c/one=first:A2"},
		{"a rename over one name", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Rename("b/else", "b/two", 0) },
			"a/one=first:A1 b/two=else"},
		{"a rename over another", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Rename("b/two", "b/else", 0) },
			"a/one=first:A2 b/else=first:A2"},
		{"a rename over itself", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Rename("a/one", "b/two", 0) },
			"a/one=first:A2 b/else=else b/two=first:A2"},
		{"an exchange", func(tx *pfs.Tx, _ pfs.Content) error { return tx.Rename("a/one", "b/else", pfs.RenameExchange) },
			"a/one=else b/else=first:A2 b/two=first:A2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newLinked(t)
			c := ingest(t, s, "new")
			before, err := s.Commit(ctx, master)
			if err != nil {
				t.Fatal(err)
			}
			update(t, s, master, func(tx *pfs.Tx) error { return test.fn(tx, c) })
			wantNames(t, s, master, test.want)
			wantNames(t, s, pfs.Ref{Repo: "images", Commit: before.ID}, "a/one=first:A2 b/else=else b/two=first:A2")
		})
	}
}

func TestLinkErrors(t *testing.T) {
	s := newLinked(t)
	for _, test := range []struct {
		from, to string
		want     pfs.Kind
	}{
		{"a", "c", pfs.KindIsDir},
		{"x", "c", pfs.KindFileNotFound},
		{"a/one", "b/else", pfs.KindExists},
		{"a/one", "b/two", pfs.KindExists},
		{"a/one", "x/c", pfs.KindFileNotFound},
		{"b/else", "a/one/c", pfs.KindNotDir},
		{"a/one", "", pfs.KindInvalid},
	} {
		_, err := s.Update(ctx, master, byCLI, func(tx *pfs.Tx) error { return tx.Link(test.from, test.to) })
		wantKind(t, err, test.want)
	}
	_, err := s.Update(ctx, master, byCLI, func(tx *pfs.Tx) error {
		return tx.Rename("a/one", "b/two", pfs.RenameNoReplace)
	})
	wantKind(t, err, pfs.KindExists)
	wantNames(t, s, master, "a/one=first:A2 b/else=else b/two=first:A2")
}

// Copies of names are names of a copy, as far as they are copied together, and share nothing with the original.
func TestCopyOfLinks(t *testing.T) {
	s := newLinked(t)
	update(t, s, master, func(tx *pfs.Tx) error {
		if err := tx.Link("a/one", "b/three"); err != nil {
			return err
		}
		return tx.Unlink("b/else")
	})
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	c := ingest(t, s, "new")
	update(t, s, master, func(tx *pfs.Tx) error {
		for _, copied := range [][2]string{{"c", "a"}, {"d", "b"}, {"e", "b/two"}, {"d", "b"}} {
			if err := tx.Copy(copied[0], snap, copied[1]); err != nil {
				return err
			}
		}
		return rewrite(c, "d/two")(tx)
	})
	wantNames(t, s, master, "a/one=first:A3 b/three=first:A3 b/two=first:A3 c/one=first d/three=new:B2 d/two=new:B2 e=first")
	update(t, s, master, func(tx *pfs.Tx) error { return tx.Copy("", snap, "") })
	wantNames(t, s, master, "a/one=first:A3 b/three=first:A3 b/two=first:A3")
	update(t, s, master, func(tx *pfs.Tx) error { return tx.Copy("", snap, "b") })
	wantNames(t, s, master, "three=first:A2 two=first:A2")
}

// A change through one name is in the history of each, and so is its commit the version of each.
func TestHistoryOfLinks(t *testing.T) {
	s := newLinked(t)
	before, err := s.Commit(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	linked := pfs.Ref{Repo: "images", Commit: before.ID}
	edited := update(t, s, master, rewrite(ingest(t, s, "second"), "b/two"))
	put(t, s, master, "other", "1")
	update(t, s, master, func(tx *pfs.Tx) error { return tx.Unlink("b/two") })
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	e, err := snap.Stat(ctx, "a/one")
	if err != nil || e.Changed.Commit != edited.ID {
		t.Errorf("a/one was changed by %v, not %v (%v)", e.Changed.Commit, edited.ID, err)
	}
	for path, want := range map[string]int{"a/one": 3, "b/two": 3, "a": 3} {
		var ids []pfs.CommitID
		for entry, err := range s.Log(ctx, master, path) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, entry.Commit.ID)
		}
		if len(ids) != want || !slices.Contains(ids, edited.ID) {
			t.Errorf("log of %s: %d commits, want %d with %v among them: %v", path, len(ids), want, edited.ID, ids)
		}
	}
	var paths []string
	for d, err := range s.Diff(ctx, linked, at(t, master, "HEAD^2"), "") {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, d.Path)
	}
	if got := strings.Join(paths, " "); got != "a/one b/two" {
		t.Errorf("diff: %q", got)
	}
}

func TestMergeOfLinks(t *testing.T) {
	for _, test := range []struct {
		name       string
		ours       func(s *pfs.Store, ref pfs.Ref)
		theirs     func(s *pfs.Store, ref pfs.Ref)
		want       string
		conflict   string
		wantTheirs string
	}{
		{name: "theirs wrote", theirs: func(s *pfs.Store, ref pfs.Ref) { update(t, s, ref, rewrite(ingest(t, s, "new"), "a/one")) },
			want: "a/one=new:A2 b/else=else b/two=new:A2"},
		{name: "theirs wrote, ours named",
			theirs: func(s *pfs.Store, ref pfs.Ref) { update(t, s, ref, rewrite(ingest(t, s, "new"), "a/one")) },
			ours: func(s *pfs.Store, ref pfs.Ref) {
				update(t, s, ref, func(tx *pfs.Tx) error { return tx.Link("a/one", "c") })
			},
			want: "a/one=new:A3 b/else=else b/two=new:A3 c=new:A3"},
		{name: "both named",
			theirs: func(s *pfs.Store, ref pfs.Ref) {
				update(t, s, ref, func(tx *pfs.Tx) error { return tx.Link("a/one", "b/x") })
			},
			ours: func(s *pfs.Store, ref pfs.Ref) {
				update(t, s, ref, func(tx *pfs.Tx) error { return tx.Link("a/one", "c") })
			},
			want: "a/one=first:A4 b/else=else b/two=first:A4 b/x=first:A4 c=first:A4"},
		{name: "theirs linked anew",
			theirs: func(s *pfs.Store, ref pfs.Ref) {
				update(t, s, ref, func(tx *pfs.Tx) error { return tx.Link("b/else", "c") })
			},
			ours: func(s *pfs.Store, ref pfs.Ref) { put(t, s, ref, "other", "o") },
			want: "a/one=first:A2 b/else=else:B2 b/two=first:A2 c=else:B2 other=o"},
		{name: "theirs removed a name, ours the other",
			theirs: func(s *pfs.Store, ref pfs.Ref) { remove(t, s, ref, "a/one") },
			ours:   func(s *pfs.Store, ref pfs.Ref) { remove(t, s, ref, "b/two") },
			want:   "b/else=else"},
		{name: "both wrote",
			theirs:     func(s *pfs.Store, ref pfs.Ref) { update(t, s, ref, rewrite(ingest(t, s, "new"), "a/one")) },
			ours:       func(s *pfs.Store, ref pfs.Ref) { update(t, s, ref, rewrite(ingest(t, s, "mine"), "b/two")) },
			conflict:   "a/one",
			wantTheirs: "a/one=new:A2 b/else=else b/two=new:A2"},
		{name: "ours wrote, theirs removed a directory",
			theirs: func(s *pfs.Store, ref pfs.Ref) {
				update(t, s, ref, func(tx *pfs.Tx) error { return tx.RemoveAll("a") })
			},
			ours:       func(s *pfs.Store, ref pfs.Ref) { update(t, s, ref, rewrite(ingest(t, s, "mine"), "b/two")) },
			conflict:   "a/one",
			wantTheirs: "b/else=else b/two=mine:A1"},
		{name: "theirs wrote, ours removed",
			theirs: func(s *pfs.Store, ref pfs.Ref) { update(t, s, ref, rewrite(ingest(t, s, "new"), "a/one")) },
			ours: func(s *pfs.Store, ref pfs.Ref) {
				remove(t, s, ref, "b/two")
				remove(t, s, ref, "a/one")
			},
			conflict: "a/one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newLinked(t)
			other := pfs.BranchRef("images", "other")
			branchOf(t, s, other, master)
			test.theirs(s, other)
			if test.ours != nil {
				test.ours(s, master)
			}
			_, err := s.Merge(ctx, other, master, byCLI, pfs.ResolveNone)
			if test.conflict == "" {
				if err != nil {
					t.Fatal(err)
				}
				wantNames(t, s, master, test.want)
				return
			}
			wantKind(t, err, pfs.KindConflict)
			if !strings.Contains(err.Error(), test.conflict) {
				t.Errorf("the conflict does not name %s: %v", test.conflict, err)
			}
			if test.wantTheirs == "" {
				return
			}
			if _, err := s.Merge(ctx, other, master, byCLI, pfs.ResolveTheirs); err != nil {
				t.Fatal(err)
			}
			wantNames(t, s, master, test.wantTheirs)
		})
	}
}

func TestLinksInOpenCommitAndReopen(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	put(t, s, master, "a", "text")
	open, err := s.StartCommit(ctx, master, byCLI)
	if err != nil {
		t.Fatal(err)
	}
	workspace := pfs.Ref{Repo: "images", Name: "master", Commit: open.ID}
	update(t, s, workspace, func(tx *pfs.Tx) error { return tx.Link("a", "b") })
	if err := s.Apply(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.Link("a", "c") }); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(ctx, master); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = pfstest.OpenDisk(t, dir)
	defer s.Close()
	wantNames(t, s, master, "a=text:A2 c=text:A2")
	wantNames(t, s, workspace, "a=text:A2 b=text:A2")
	if _, err := s.FinishCommit(ctx, workspace, byCLI, pfs.ResolveTheirs); err != nil {
		t.Fatal(err)
	}
	wantNames(t, s, master, "a=text:A2 b=text:A2 c=text:B1")
	pfstest.Check(t, s)
	usage, err := s.Usage(ctx, master, false)
	if err != nil || usage.Files != 2 || usage.Logical != 8 {
		t.Errorf("usage: %+v %v", usage, err)
	}
}
