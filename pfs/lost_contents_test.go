package pfs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// TestLost loses rows of a store of one file of each form: of the branch, of the repo, of the tree. The commit, or the contents, can
// be listed, and restored with their bytes; once that is done nothing is lost any more.
func TestLost(t *testing.T) {
	files := map[string][]byte{
		"small": []byte("a text"), "chunk": noise(1, 50<<10), "window": noise(2, 3<<20), "node": noise(3, 20<<20),
		"one group": noise(4, 700<<10), "holes": append(make([]byte, 1<<20), noise(5, 1<<20)...),
	}
	for _, c := range []struct {
		name, lose string
		// commits and contents are how many are lost.
		commits, contents int
	}{
		{"nothing", "", 0, 0}, {"branch", "b", 1, 0}, {"repo", "r", 0, 0}, {"branch and repo", "br", 1, 0},
		{"trees", "n", 0, len(files)}, {"commits", "bcrq", 0, len(files)},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, disk := memkv.New(), pack.NewMemory(nil)
			s := openMemoryWith(t, rows, disk, pfstest.Options(t))
			makeRepo(t, s, "r")
			ref := pfs.BranchRef("r", "master")
			var last pfs.Commit
			for path, data := range files {
				last = putFile(t, s, ref, path, data)
			}
			noError(t, s.Close())
			left := rows.Crash()
			loseRows(t, left, c.lose)
			s = openMemoryWith(t, left, disk.Crash(nil), pfstest.Options(t))
			defer func() { noError(t, s.Close()) }()
			commits, err := s.LostCommits(ctx)
			noError(t, err)
			if len(commits) != c.commits || c.commits == 1 && commits[0].ID != last.ID {
				t.Errorf("lost commits: %+v", commits)
			}
			contents := 0
			for lost, err := range s.LostContents(ctx) {
				noError(t, err)
				contents++
				if !lost.Hash.IsZero() && !isOneOf(files, lost) || lost.Err != nil {
					t.Errorf("%+v", lost)
				}
			}
			if contents != c.contents {
				t.Errorf("%d lost contents, not %d", contents, c.contents)
			}
			to := pfs.BranchRef("lost-found", "master")
			byHash := func(l pfs.LostContent) string { return l.Hash.String() }
			done, err := s.RestoreLost(ctx, to, byCLI, byHash)
			noError(t, err)
			if done.Files != int64(c.contents) || len(done.Damaged) > 0 || strings.Contains(c.lose, "r") && c.lose != "bcrq" != (len(done.Repos) == 1) {
				t.Errorf("%+v", done)
			}
			if c.contents > 0 {
				for _, data := range files {
					h := hashOf(string(data))
					if !bytes.Equal(readFile(t, s, to, h.String()), data) {
						t.Errorf("%s has other bytes", h)
					}
				}
			}
			if len(done.Repos) == 1 && c.commits == 1 {
				from := pfs.Ref{Repo: done.Repos[0], Commit: last.ID}
				_, err := s.CreateBranch(ctx, pfs.BranchRef(done.Repos[0], "back"), pfs.BranchOptions{By: byCLI, From: from})
				noError(t, err)
				if !bytes.Equal(readFile(t, s, pfs.BranchRef(done.Repos[0], "back"), "node"), files["node"]) {
					t.Error("the restored branch has other bytes")
				}
			}
			again, err := s.RestoreLost(ctx, to, byCLI, byHash)
			noError(t, err)
			if again.Files > 0 || len(again.Repos) > 0 {
				t.Errorf("what is restored is lost still: %+v", again)
			}
		})
	}
}

func isOneOf(files map[string][]byte, lost pfs.LostContent) bool {
	for _, data := range files {
		if hashOf(string(data)) == lost.Hash {
			return int64(len(data)) == lost.Size && bytes.HasPrefix(data, lost.Head)
		}
	}
	return false
}

// loseRows deletes all rows of some kinds.
func loseRows(t *testing.T, rows kv.Store, kinds string) {
	t.Helper()
	var lost kv.Batch
	noError(t, rows.View(ctx, func(r kv.Reader) error {
		for _, kind := range kinds {
			for row, err := range r.Scan([]byte{byte(kind)}, nil, false) {
				if err != nil {
					return err
				}
				lost.Deletes = append(lost.Deletes, bytes.Clone(row.Key))
			}
		}
		return nil
	}))
	if len(lost.Deletes) > 0 {
		noError(t, rows.Commit(ctx, lost))
	}
}

// TestLostBranchAfterSalvage loses the only record of a branch with the first block of a table, which has the store's id too: all that the branch had is in a commit that is
// lost, or in lost contents, and stays until it is restored.
func TestLostBranchAfterSalvage(t *testing.T) {
	opts := pfstest.Options(t)
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	makeRepo(t, s, "r")
	files := map[string][]byte{}
	for i := range 40 {
		data := noise(uint64(i), 60<<10)
		files[hashOf(string(data)).String()] = data
		putFile(t, s, pfs.BranchRef("r", "master"), strings.Repeat("name", 40)+string(rune('a'+i)), data)
	}
	noError(t, s.Close())
	hurtTable(t, dir, opts, func(b []byte) { b[bytes.Index(b, []byte("master"))] ^= 1 })
	s = pfstest.OpenDisk(t, dir)
	defer s.Close()
	_, err := s.Repair(ctx)
	noError(t, err)
	if got := strings.Join(problems(t, s), "\n"); !strings.Contains(got, `lost are rows from "\x00store" to commit`) {
		t.Errorf("the check does not name what is lost:\n%s", got)
	}
	commits, err := s.LostCommits(ctx)
	noError(t, err)
	back := pfs.BranchRef("r", "back")
	if len(commits) == 0 {
		t.Fatal("no commit is lost")
	}
	_, err = s.CreateBranch(ctx, back, pfs.BranchOptions{By: byCLI, From: pfs.Ref{Repo: "r", Commit: commits[0].ID}})
	noError(t, err)
	lost := pfs.BranchRef("lost-found", "master")
	_, err = s.RestoreLost(ctx, lost, byCLI, func(l pfs.LostContent) string { return l.Hash.String() })
	noError(t, err)
	_, err = s.GC(ctx, pfs.GCOptions{Grace: 0, AfterSalvage: true})
	noError(t, err)
	found := 0
	for _, ref := range []pfs.Ref{back, lost} {
		snap, err := s.Snapshot(ctx, ref)
		if pfs.KindOf(err) == pfs.KindRepoNotFound {
			continue // nothing but the commit was lost
		}
		noError(t, err)
		for e, err := range snap.List(ctx, "", "") {
			noError(t, err)
			if want := files[e.Content.Hash.String()]; bytes.Equal(readFile(t, s, ref, e.Name), want) {
				found++
			}
		}
	}
	if found < len(files) {
		t.Errorf("%d of %d files are there", found, len(files))
	}
	if _, err := os.Stat(filepath.Join(dir, "kv.damaged-1")); err != nil {
		t.Error(err)
	}
}
