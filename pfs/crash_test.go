package pfs_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// TestPowerCut cuts the power after every step that a scripted run makes durable, and during those that it does not, and
// opens what is left: nothing that was acknowledged is missing, and nothing is there by halves.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]func(n int) int{
		"nothing unsynced is left": nil,
		"half of it is left":       func(n int) int { return n / 2 },
		"all of it is left":        func(n int) int { return n },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, packs := memkv.New(), pack.NewMemory(nil)
			disk := &watchedDisk{FS: packs}
			r := newScriptRun(t, rows, disk)
			cuts := 0
			cut := func(rows *memkv.Store) {
				cuts++
				r.afterCrash(rows, packs.Crash(keep))
			}
			rows.Watch(cut)
			disk.after = func() { cut(rows.Crash()) }
			r.script()
			cut(rows.Crash())
			for _, c := range r.collected {
				if c.PacksRemoved == 0 {
					t.Errorf("a collection removed no pack: %+v", c)
				}
			}
			if cuts < 90 {
				t.Errorf("the power was cut only %d times", cuts)
			}
		})
	}
}

// contents is what a branch shows: the hash of each file, and of each part that is parked for it. A nil one is of a branch
// that does not exist.
type contents map[string]pfs.Hash

// scriptRun is a store with what is known of it: which contents each branch has shown, and which of them must survive.
type scriptRun struct {
	t     *testing.T
	store *pfs.Store
	step  string
	// shown has what each branch was to show one after the other, beginning with nothing, and safe the last one of them
	// that is known to be on disk.
	shown map[string][]contents
	safe  map[string]int
	// refs are the addresses of what is in shown and is no branch of the repo.
	refs map[string]pfs.Ref
	// commits are those that were acknowledged, with their files.
	commits map[pfs.CommitID]contents
	// collected are the reports of the collections of garbage.
	collected []*pfs.GCReport
}

// newScriptRun returns a run on an empty store.
func newScriptRun(t *testing.T, rows kv.Store, disk pack.FS) *scriptRun {
	t.Helper()
	packs, err := pack.Open(disk, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := pfs.OpenOn(ctx, rows, packs, pfstest.Options(t))
	if err != nil {
		t.Fatal(err)
	}
	return &scriptRun{t: t, store: s, shown: map[string][]contents{}, safe: map[string]int{},
		refs: map[string]pfs.Ref{}, commits: map[pfs.CommitID]contents{}}
}

// ref returns the address of what is in shown.
func (r *scriptRun) ref(name string) pfs.Ref {
	if ref, ok := r.refs[name]; ok {
		return ref
	}
	return pfs.BranchRef("images", name)
}

// now returns a copy of what a branch shows last.
func (r *scriptRun) now(branch string) contents {
	all := r.shown[branch]
	if len(all) == 0 || all[len(all)-1] == nil {
		return contents{}
	}
	return maps.Clone(all[len(all)-1])
}

// next says that the change under way, called step, will make the branch show c.
func (r *scriptRun) next(branch, step string, c contents) {
	r.step = step
	if len(r.shown[branch]) == 0 {
		r.shown[branch] = []contents{nil}
	}
	r.shown[branch] = append(r.shown[branch], c)
}

// synced says that all that the branch has shown is on disk.
func (r *scriptRun) synced(branch string) { r.safe[branch] = len(r.shown[branch]) - 1 }

// noError ends the test if a step failed.
func (r *scriptRun) noError(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%s: %v", r.step, err)
	}
}

// afterCrash opens what a power cut has left and compares it with what must be there.
func (r *scriptRun) afterCrash(rows *memkv.Store, disk pack.FS) {
	t := r.t
	packs, err := pack.Open(disk, pack.Options{})
	if err != nil {
		t.Errorf("%s: packs after a power cut: %v", r.step, err)
		return
	}
	s, err := pfs.OpenOn(ctx, rows, packs, pfstest.Options(t))
	if err != nil {
		t.Errorf("%s: open after a power cut: %v", r.step, err)
		return
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", r.step, err)
		}
	}()
	r.compare(s)
	r.goOn(s)
	pfstest.Check(t, s)
	if t.Failed() {
		t.Logf("that was during: %s", r.step)
	}
}

// compare reports each branch of s that shows none of the contents that it may show, and each lost commit.
func (r *scriptRun) compare(s *pfs.Store) {
	names := slices.Sorted(maps.Keys(r.shown))
	for _, name := range names {
		got := r.read(s, r.ref(name))
		may := r.shown[name][r.safe[name]:]
		if !slices.ContainsFunc(may, func(c contents) bool { return equalContents(c, got) }) {
			r.t.Errorf("%s: %s shows %v, want one of %v", r.step, name, got, may)
		}
	}
	for id, want := range r.commits {
		if got := r.read(s, pfs.Ref{Repo: "images", Commit: id}); !maps.Equal(got, want) {
			r.t.Errorf("%s: commit %v has %v, want %v", r.step, id, got, want)
		}
	}
}

// equalContents tells a branch that is empty from one that does not exist.
func equalContents(a, b contents) bool { return (a == nil) == (b == nil) && maps.Equal(a, b) }

// read returns what a version shows.
func (r *scriptRun) read(s *pfs.Store, ref pfs.Ref) contents {
	snap, err := s.Snapshot(ctx, ref)
	switch pfs.KindOf(err) {
	case 0:
	case pfs.KindRepoNotFound, pfs.KindBranchNotFound, pfs.KindCommitNotFound:
		return nil
	default:
		r.t.Errorf("%s: snapshot of %v: %v", r.step, ref, err)
		return nil
	}
	c := contents{}
	for item, err := range snap.Walk(ctx, "", "") {
		if err != nil {
			r.t.Errorf("%s: walk of %v: %v", r.step, ref, err)
			return c
		}
		if item.Entry.Kind == pfs.EntryFile {
			c[item.Path] = item.Entry.Content.Hash
		}
	}
	if ref.IsBranch() {
		r.readUploads(s, ref, c)
	}
	return c
}

func (r *scriptRun) readUploads(s *pfs.Store, ref pfs.Ref, c contents) {
	for u, err := range s.Uploads(ctx, ref, "", "", pfs.UploadID{}) {
		if pfs.KindOf(err) == pfs.KindReadOnly {
			return // a tag
		}
		if err != nil {
			r.t.Errorf("%s: uploads: %v", r.step, err)
			return
		}
		c["upload of "+u.Path] = pfs.Hash{}
		parts, err := s.Parts(ctx, ref, u.ID, 0, 0)
		if err != nil {
			r.t.Errorf("%s: parts: %v", r.step, err)
		}
		for _, p := range parts {
			c[fmt.Sprintf("part %d of %s", p.Number, u.Path)] = p.Hash
		}
	}
}

// goOn uses a store that was opened after a power cut: the same bytes once more, and other ones.
func (r *scriptRun) goOn(s *pfs.Store) {
	branches, err := s.Branches(ctx, "")
	if err != nil {
		r.t.Errorf("%s: branches: %v", r.step, err)
	}
	for _, b := range branches {
		ref := pfs.BranchRef(b.Repo, b.Name)
		if _, err := s.Update(ctx, ref, byCLI, func(tx *pfs.Tx) error {
			var errs []error
			for _, text := range []string{"small", large(1), large(99)} {
				in, err := s.Ingest(ctx, strings.NewReader(text))
				if err != nil {
					return err
				}
				errs = append(errs, tx.PutFile(fmt.Sprint("after/", len(errs)), in.Content, nil, 0))
				in.Release()
			}
			return errors.Join(errs...)
		}); err != nil {
			r.t.Errorf("%s: update after a power cut: %v", r.step, err)
		}
	}
}
