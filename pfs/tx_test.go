package pfs_test

import (
	"strings"
	"testing"

	"pfsd/pfs"
)

// step is an operation of a script on a branch, with the kind of error that it is to have.
type step struct {
	op   string
	want pfs.Kind
}

// run interprets an operation: its name and its paths.
func run(tx *pfs.Tx, c pfs.Content, op string) error {
	f := strings.Fields(op + " . .")
	path, other := strings.TrimPrefix(f[1], "."), f[2]
	switch f[0] {
	case "put":
		return tx.PutFile(path, c, nil, 0)
	case "remove":
		return tx.Remove(path)
	case "makedir":
		return tx.MakeDir(path, nil)
	case "unmakedir":
		return tx.UnmakeDir(path)
	case "create":
		return tx.Create(path, pfs.Entry{Kind: pfs.EntryFile, Mode: 0o600, Content: c})
	case "mkdir":
		return tx.Create(path, pfs.Entry{Kind: pfs.EntryDir, Mode: 0o755, Explicit: true})
	case "symlink":
		return tx.Create(path, pfs.Entry{Kind: pfs.EntrySymlink, Mode: 0o777, Target: other})
	case "unlink":
		return tx.Unlink(path)
	case "rmdir":
		return tx.Rmdir(path)
	case "rename":
		return tx.Rename(path, other, pfs.RenameReplace)
	case "noreplace":
		return tx.Rename(path, other, pfs.RenameNoReplace)
	case "exchange":
		return tx.Rename(path, other, pfs.RenameExchange)
	case "removeall":
		return tx.RemoveAll(path)
	case "chmod":
		return tx.Edit(path, func(e *pfs.Entry) error { e.Mode = 0o700; return nil })
	}
	panic("no operation " + op)
}

func TestChanges(t *testing.T) {
	for name, tt := range map[string]struct {
		steps []step
		want  string
	}{
		"put makes directories": {[]step{{"put a/b/c", 0}}, "a/ a/b/ a/b/c"},
		"remove takes implicit directories along": {
			[]step{{"put a/b/c", 0}, {"put a/d", 0}, {"remove a/b/c", 0}}, "a/ a/d"},
		"explicit directories stay": {
			[]step{{"makedir a/b", 0}, {"put a/b/c", 0}, {"remove a/b/c", 0}}, "a/ a/b/"},
		"unmakedir of an empty one removes it": {
			[]step{{"makedir a/b", 0}, {"unmakedir a/b", 0}, {"unmakedir a/b", pfs.KindFileNotFound}}, ""},
		"unmakedir of another makes it implicit": {
			[]step{{"makedir a", 0}, {"put a/b", 0}, {"unmakedir a", 0}, {"remove a/b", 0}}, ""},
		"a mount's directories stay": {
			[]step{{"put a/b", 0}, {"unlink a/b", 0}}, "a/"},
		"creating in an implicit directory makes it explicit": {
			[]step{{"put a/b", 0}, {"create a/c", 0}, {"remove a/b", 0}, {"remove a/c", 0}}, "a/"},
		"file and directory exclude each other": {
			[]step{{"put a/b", 0}, {"put a", pfs.KindIsDir}, {"put a/b/c", pfs.KindNotDir}, {"makedir a/b", pfs.KindNotDir},
				{"makedir a/b/c", pfs.KindNotDir}}, "a/ a/b"},
		"put replaces a symlink, not what it names": {
			[]step{{"symlink a b", 0}, {"put a", 0}, {"put a/x", pfs.KindNotDir}}, "a"},
		"remove wants a file": {
			[]step{{"put a/b", 0}, {"remove a", pfs.KindIsDir}, {"remove c", pfs.KindFileNotFound},
				{"remove a/b/c", pfs.KindFileNotFound}}, "a/ a/b"},
		"bad paths": {
			[]step{{"put a//b", pfs.KindInvalid}, {"put .", pfs.KindInvalid}, {"put " + strings.Repeat("x", 256), pfs.KindNameTooLong},
				{"put a/../b", pfs.KindInvalid}, {"create x\x00", pfs.KindInvalid}}, ""},
		"create wants its parent": {
			[]step{{"create a/b", pfs.KindFileNotFound}, {"mkdir a", 0}, {"create a/b", 0}, {"create a/b", pfs.KindExists},
				{"mkdir a", pfs.KindExists}, {"create a/b/c", pfs.KindNotDir}}, "a/ a/b"},
		"unlink and rmdir": {
			[]step{{"mkdir a", 0}, {"create a/b", 0}, {"unlink a", pfs.KindIsDir}, {"rmdir a/b", pfs.KindNotDir},
				{"rmdir a", pfs.KindNotEmpty}, {"unlink a/b", 0}, {"unlink a/b", pfs.KindFileNotFound}, {"rmdir a", 0},
				{"rmdir a", pfs.KindFileNotFound}}, ""},
		"rename of a file": {
			[]step{{"put a/b", 0}, {"put c", 0}, {"rename a/b c", 0}, {"rename a/b c", pfs.KindFileNotFound},
				{"rename c c", 0}, {"rename c x/y", pfs.KindFileNotFound}, {"rename c c/d", pfs.KindNotDir}}, "a/ c"},
		"rename of a directory": {
			[]step{{"put a/b/c", 0}, {"put d", 0}, {"rename a d", pfs.KindNotDir}, {"rename d a", pfs.KindIsDir},
				{"rename a a/b/x", pfs.KindInvalid}, {"mkdir e", 0}, {"rename a e", 0}, {"rename e/b f", 0}}, "d e/ f/ f/c"},
		"rename onto a full directory": {
			[]step{{"put a/b", 0}, {"put c/d", 0}, {"rename a c", pfs.KindNotEmpty}}, "a/ a/b c/ c/d"},
		"rename without replacing": {
			[]step{{"put a", 0}, {"put b", 0}, {"noreplace a b", pfs.KindExists}, {"noreplace a c", 0}}, "b c"},
		"exchange": {
			[]step{{"put a/x", 0}, {"put b", 0}, {"exchange a b", 0}, {"exchange b nil", pfs.KindFileNotFound},
				{"exchange b b/x", pfs.KindInvalid}, {"exchange b/x b", pfs.KindInvalid}}, "a b/ b/x"},
		"exchange within nested directories": {
			[]step{{"put a/b/c", 0}, {"put a/d", 0}, {"exchange a/b/c a/d", 0}}, "a/ a/b/ a/b/c a/d"},
		"removeall": {
			[]step{{"put a/b/c", 0}, {"put a/d", 0}, {"removeall a/b", 0}, {"removeall x", pfs.KindFileNotFound}}, "a/ a/d"},
		"edit": {
			[]step{{"put a/b", 0}, {"chmod a/b", 0}, {"chmod a", 0}, {"chmod .", 0}, {"chmod x", pfs.KindFileNotFound}}, "a/ a/b"},
		"a directory sorts with its slash": {
			[]step{{"put a/x", 0}, {"put a-b", 0}, {"put a0", 0}}, "a-b a/ a/x a0"},
		"a file takes a directory's name": {
			[]step{{"put a/x", 0}, {"remove a/x", 0}, {"put a", 0}, {"remove a", 0}, {"put a/y", 0}}, "a/ a/y"},
	} {
		t.Run(name, func(t *testing.T) {
			// Each step in a commit of its own, then all steps in one.
			s := newImages(t)
			c := ingest(t, s, "x")
			for _, step := range tt.steps {
				_, err := s.Update(ctx, master, byCLI, func(tx *pfs.Tx) error { return run(tx, c, step.op) })
				if pfs.KindOf(err) != step.want {
					t.Errorf("%s: %v, want %v", step.op, err, step.want)
				}
			}
			if got := tree(t, s, master); got != tt.want {
				t.Errorf("step by step: %q, want %q", got, tt.want)
			}
			dev := pfs.BranchRef("images", "dev")
			if _, err := s.CreateBranch(ctx, dev, pfs.BranchOptions{}); err != nil {
				t.Fatal(err)
			}
			update(t, s, dev, func(tx *pfs.Tx) error {
				for _, step := range tt.steps {
					if err := run(tx, c, step.op); pfs.KindOf(err) != step.want {
						t.Errorf("at once: %s: %v, want %v", step.op, err, step.want)
					}
				}
				return nil
			})
			if got := tree(t, s, dev); got != tt.want {
				t.Errorf("at once: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPutFileKeepsModeAndOwner(t *testing.T) {
	s := newImages(t)
	c, d := ingest(t, s, "1"), ingest(t, s, "2")
	update(t, s, master, func(tx *pfs.Tx) error {
		return tx.PutFile("a/b", c, &pfs.Meta{User: map[string]string{"k": "v"}}, 0)
	})
	snap, _ := s.Snapshot(ctx, master)
	e, err := snap.Stat(ctx, "a/b")
	if err != nil || e.Mode != 0o644 || e.UID != 7 || e.GID != 8 || e.Meta.User["k"] != "v" || e.Mtime != e.Ctime {
		t.Errorf("new file: %+v (%v)", e, err)
	}
	update(t, s, master, func(tx *pfs.Tx) error {
		return tx.Edit("a/b", func(e *pfs.Entry) error { e.Mode, e.UID = 0o755, 99; return nil })
	})
	update(t, s, master, func(tx *pfs.Tx) error { return tx.PutFile("a/b", d, nil, 12345) })
	snap, _ = s.Snapshot(ctx, master)
	e, err = snap.Stat(ctx, "a/b")
	if err != nil || e.Mode != 0o755 || e.UID != 99 || e.Meta != nil || e.Mtime != 12345 || e.Content != d {
		t.Errorf("overwritten file: %+v (%v)", e, err)
	}
}

func TestWalkFromEverywhere(t *testing.T) {
	s := newImages(t)
	c := ingest(t, s, "x")
	paths := []string{"a", "a-", "b/a/c", "b/a/d", "b/a-", "b/a0", "b0", "c/x", "ca", "d/e/f/g", "z"}
	update(t, s, master, func(tx *pfs.Tx) error {
		for _, path := range paths {
			if err := tx.PutFile(path, c, nil, 0); err != nil {
				return err
			}
		}
		return nil
	})
	all := strings.Fields(tree(t, s, master))
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	probes := append([]string{"", "b", "b/", "b/a", "b/a/", "b/a/cc", "b/zz", "c", "cz", "d/e/", "zz", "b//"}, all...)
	for _, prefix := range probes {
		for _, from := range probes {
			var got, want []string
			for item, err := range snap.Walk(ctx, prefix, from) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, item.Path)
			}
			for _, path := range all {
				if path >= from && strings.HasPrefix(path, prefix) {
					want = append(want, path)
				}
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("Walk(%q, %q) = %q, want %q", prefix, from, got, want)
			}
		}
	}
}
