package pfs_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs"
)

var versionsSeed = flag.Uint64("versions-seed", 1, "seed of TestVersionsAreThoseOfTheCommits")

// fileStates returns the files of a version, each with what changed it.
func fileStates(t *testing.T, s *pfs.Snapshot) map[string]pfs.Change {
	t.Helper()
	files := map[string]pfs.Change{}
	for item, err := range s.Walk(ctx, "", "") {
		if err != nil {
			t.Fatal(err)
		}
		if item.Entry.Kind == pfs.EntryFile {
			files[item.Path] = item.Entry.Changed
		}
	}
	return files
}

func snapshotOf(t *testing.T, s *pfs.Store, ref pfs.Ref) *pfs.Snapshot {
	t.Helper()
	snap, err := s.Snapshot(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// wantVersions returns the versions of all files by looking at every commit of the history.
func wantVersions(t *testing.T, s *pfs.Store, ref pfs.Ref) []string {
	t.Helper()
	live := snapshotOf(t, s, ref)
	states := []map[string]pfs.Change{fileStates(t, live)}
	ids := []string{"pending"}
	for entry, err := range s.Log(ctx, ref, "") {
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, fileStates(t, snapshotOf(t, s, pfs.Ref{Repo: ref.Repo, Commit: entry.Commit.ID})))
		ids = append(ids, entry.Commit.ID.String())
	}
	paths := map[string]bool{}
	for _, files := range states {
		for path := range files {
			paths[path] = true
		}
	}
	states = append(states, nil)
	var want []string
	for path := range paths {
		latest := "latest"
		for i, id := range ids {
			after, is := states[i][path]
			before, was := states[i+1][path]
			if is == was && after == before {
				continue
			}
			what := "put"
			if !is {
				what = "removed"
			}
			want = append(want, fmt.Sprintf("%s\x00%06d %s %s %s", path, i, id, what, latest))
			latest = ""
		}
	}
	slices.Sort(want)
	for i, line := range want {
		path, rest, _ := strings.Cut(line, "\x00")
		want[i] = path + " " + rest[7:]
	}
	return want
}

// gotVersions lists versions in pages of a size, each going on behind the last of the one before.
func gotVersions(t *testing.T, s *pfs.Store, ref pfs.Ref, prefix string, size int) []string {
	t.Helper()
	var got []string
	var mark pfs.VersionMark
	for {
		n := 0
		for v, err := range snapshotOf(t, s, ref).Versions(ctx, prefix, mark) {
			if err != nil {
				t.Fatal(err)
			}
			id, what, latest := v.Commit.String(), "put", ""
			mark = pfs.VersionMark{Path: v.Path, Commit: v.Commit}
			if v.Commit.IsZero() {
				id, mark.Pending = "pending", true
			}
			if v.Removed {
				what = "removed"
			}
			if v.Latest {
				latest = "latest"
			}
			got = append(got, fmt.Sprintf("%s %s %s %s", v.Path, id, what, latest))
			if n++; n == size {
				break
			}
		}
		if n < size {
			return got
		}
	}
}

// TestVersionsAreThoseOfTheCommits compares listings of versions with what each commit holds, in random histories: of files
// and whole directories that come, change, move, are copied, replaced by other kinds, and go; of branches of branches, merges
// and resets; with changes pending.
func TestVersionsAreThoseOfTheCommits(t *testing.T) {
	rounds := 6
	if full() {
		rounds = 300
	}
	for round := range rounds {
		seed := *versionsSeed + uint64(round)
		rnd := rand.New(rand.NewPCG(seed, 1))
		s := newImages(t)
		h := historian{t: t, s: s, rnd: rnd, content: ingest(t, s, "x"), branches: []pfs.Ref{master}}
		for range 40 {
			h.step()
		}
		for _, ref := range h.branches {
			all := wantVersions(t, s, ref)
			for _, prefix := range []string{"", "d", "d/", "d0/", "d/f1", "f"} {
				var want []string
				for _, line := range all {
					if strings.HasPrefix(line, prefix) {
						want = append(want, line)
					}
				}
				size := 1 + rnd.IntN(7)
				if only := differing(gotVersions(t, s, ref, prefix, size), want); len(only) > 0 {
					t.Fatalf("-versions-seed=%d, %s, prefix %q, pages of %d: got and wanted lines differ\n%s", seed, ref, prefix,
						size, strings.Join(only[:min(len(only), 20)], "\n"))
				}
			}
		}
	}
}

// differing returns how two lists differ.
func differing(got, want []string) (only []string) {
	for len(got) > 0 || len(want) > 0 {
		switch {
		case len(got) > 0 && len(want) > 0 && got[0] == want[0]:
			got, want = got[1:], want[1:]
		case len(got) > 0 && !slices.Contains(want, got[0]):
			only, got = append(only, "got    "+got[0]), got[1:]
		case len(want) > 0:
			only, want = append(only, "wanted "+want[0]), want[1:]
		default:
			only, got = append(only, "again  "+got[0]), got[1:]
		}
	}
	return only
}

// historian makes a random history.
type historian struct {
	t        *testing.T
	s        *pfs.Store
	rnd      *rand.Rand
	content  pfs.Content
	branches []pfs.Ref
}

// path returns one of few paths, some of which sort around the slash that ends a directory's name.
func (h *historian) path() string {
	dirs := []string{"", "d/", "d-/", "d0/", "d/d/"}
	return dirs[h.rnd.IntN(len(dirs))] + fmt.Sprint("f", h.rnd.IntN(3))
}

func (h *historian) dir() string { return []string{"d", "d-", "d0", "d/d", "e"}[h.rnd.IntN(5)] }

func (h *historian) step() {
	ref := h.branches[h.rnd.IntN(len(h.branches))]
	switch n := h.rnd.IntN(20); {
	case n == 0:
		h.branch(ref)
	case n == 1 && len(h.branches) > 1:
		other := h.branches[h.rnd.IntN(len(h.branches))]
		_, _ = h.s.Merge(ctx, other, ref, byCLI, pfs.ResolveTheirs)
	case n < 6:
		_ = h.s.Apply(ctx, ref, byCLI, h.change())
	default:
		_, _ = h.s.Update(ctx, ref, byCLI, h.change())
	}
}

func (h *historian) branch(from pfs.Ref) {
	ref := pfs.BranchRef("images", fmt.Sprint("b", len(h.branches)))
	up := from
	if h.rnd.IntN(2) == 0 {
		up = at(h.t, from, "HEAD^")
	}
	if _, err := h.s.CreateBranch(ctx, ref, pfs.BranchOptions{From: up}); err == nil {
		h.branches = append(h.branches, ref)
	}
}

// change returns a random change of what a branch shows; it may fail.
func (h *historian) change() func(tx *pfs.Tx) error {
	path, other, dir, to := h.path(), h.path(), h.dir(), h.dir()
	many := 1 + h.rnd.IntN(80)
	version := snapshotOf(h.t, h.s, h.branches[h.rnd.IntN(len(h.branches))])
	switch h.rnd.IntN(14) {
	case 0:
		return func(tx *pfs.Tx) error { return tx.Remove(path) }
	case 1:
		return func(tx *pfs.Tx) error { return tx.Rename(path, other, pfs.RenameReplace) }
	case 2:
		return func(tx *pfs.Tx) error { return tx.Rename(dir, to, pfs.RenameReplace) }
	case 3:
		return func(tx *pfs.Tx) error { return tx.RemoveAll(dir) }
	case 4:
		return func(tx *pfs.Tx) error {
			for i := range many {
				if err := tx.PutFile(fmt.Sprintf("%s/f%d", dir, i), h.content, nil, 0); err != nil {
					return err
				}
			}
			return nil
		}
	case 5:
		return func(tx *pfs.Tx) error { return tx.Rename(dir, to, pfs.RenameExchange) }
	case 6:
		return func(tx *pfs.Tx) error { return tx.Copy(dir, version, to) }
	case 7:
		return func(tx *pfs.Tx) error { return tx.Link(path, other) }
	case 8, 9:
		return func(tx *pfs.Tx) error {
			return tx.Edit(path, func(e *pfs.Entry) error { e.Mode ^= 0o100; return nil })
		}
	case 10:
		return func(tx *pfs.Tx) error {
			_ = tx.Remove(path)
			return tx.Create(path, pfs.Entry{Kind: pfs.EntrySymlink, Target: "x", Mode: 0o777})
		}
	}
	return func(tx *pfs.Tx) error { return tx.PutFile(path, h.content, nil, 0) }
}
