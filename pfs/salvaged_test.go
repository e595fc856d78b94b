package pfs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/pfstest"
)

// hurtTable alters the newest table of the store in dir, which is closed, and salvages what is left.
func hurtTable(t *testing.T, dir string, opts pfs.Options, change func(b []byte)) *pfs.Salvaged {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "kv", "*.sst"))
	noError(t, err)
	newest := names[len(names)-1]
	alter(t, newest, func(_ string, b []byte) { change(b) })
	opts.VerifyRows = true
	_, err = pfs.Open(ctx, dir, opts)
	wantKind(t, err, pfs.KindCorrupt)
	found, err := pfs.Salvage(ctx, dir, opts)
	noError(t, err)
	return found
}

// problems returns what a check finds, in a line each.
func problems(t *testing.T, s *pfs.Store) (all []string) {
	t.Helper()
	report, err := s.Check(ctx, pfs.CheckOptions{Deep: true})
	noError(t, err)
	for _, p := range report.Problems {
		all = append(all, p.String())
	}
	return all
}

// TestSalvagedIsHeld flips a bit in the index of a table. Nothing is lost, as each block can be found. All the same nothing is
// removed afterwards, neither garbage nor commits nor uploads, until somebody says that it may.
func TestSalvagedIsHeld(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	dir := t.TempDir()
	s, err := pfs.Open(ctx, dir, opts)
	noError(t, err)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	for i := range 50 {
		putFile(t, s, ref, "f", noise(uint64(i), 100<<10))
	}
	noError(t, ensureBranch(s, "r", "gone"))
	putFile(t, s, pfs.BranchRef("r", "gone"), "g", noise(99, 8<<20))
	upload, err := s.CreateUpload(ctx, ref, "up", nil)
	noError(t, err)
	noError(t, s.DeleteBranch(ctx, pfs.BranchRef("r", "gone"), false))
	noError(t, s.Close())
	found := hurtTable(t, dir, opts, func(b []byte) { b[len(b)-100] ^= 1 })
	if found.Rows < 200 || found.LostRows+found.Uncounted != 0 || len(found.Lost) > 0 || len(found.Damage) != 1 {
		t.Errorf("%+v", found)
	}
	s, err = pfs.Open(ctx, dir, opts)
	noError(t, err)
	_, err = s.Repair(ctx)
	noError(t, err)
	if got := problems(t, s); len(got) > 0 {
		t.Errorf("nothing is lost, but: %v", got)
	}
	clock.Add(1000 * time.Hour)
	for range 2 {
		before := packBytes(t, s)
		_, err = s.GC(ctx, pfs.GCOptions{Grace: 0, Compact: pfs.CompactAll})
		wantKind(t, err, pfs.KindPermission)
		if err == nil || !strings.Contains(err.Error(), "--after-salvage") {
			t.Errorf("it does not say what to do: %v", err)
		}
		dry, err := s.GC(ctx, pfs.GCOptions{Grace: 0, DryRun: true, AfterSalvage: true})
		noError(t, err)
		if n, err := s.ExpireUploads(ctx, clock.Now()); n != 0 || err != nil {
			t.Errorf("%d uploads ended, %v", n, err)
		}
		if packBytes(t, s) != before || dry.History.Bytes < 8<<20 {
			t.Errorf("%+v", dry)
		}
		// It is as durable as the rows.
		noError(t, s.Close())
		s, err = pfs.Open(ctx, dir, opts)
		noError(t, err)
	}
	defer s.Close()
	r, err := s.GC(ctx, pfs.GCOptions{Grace: 0, AfterSalvage: true})
	noError(t, err)
	if r.History.Bytes < 8<<20 {
		t.Errorf("%+v", r)
	}
	_, err = s.GC(ctx, pfs.GCOptions{Grace: 0})
	noError(t, err)
	if n, err := s.ExpireUploads(ctx, clock.Now()); n != 1 || err != nil {
		t.Errorf("%d uploads ended, %v", n, err)
	}
	_, err = s.Upload(ctx, ref, upload.ID)
	wantKind(t, err, pfs.KindUploadNotFound)
	pfstest.Check(t, s)
}

// TestSalvageKeepsThinned: automatic commits are not thinned out after a salvage, either.
func TestSalvageKeepsThinned(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	dir := t.TempDir()
	s, err := pfs.Open(ctx, dir, opts)
	noError(t, err)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	for i := range 5 {
		in, err := s.Ingest(ctx, bytes.NewReader(noise(uint64(i), 1000)))
		noError(t, err)
		noError(t, s.Apply(ctx, ref, byMount, func(tx *pfs.Tx) error { return tx.PutFile("f", in.Content, nil, 0) }))
		in.Release()
		_, err = s.Cut(ctx, ref)
		noError(t, err)
		clock.Add(time.Minute)
	}
	clock.Add(30 * 24 * time.Hour)
	noError(t, s.Close())
	hurtTable(t, dir, opts, func(b []byte) { b[len(b)-8] ^= 1 })
	s, err = pfs.Open(ctx, dir, opts)
	noError(t, err)
	defer s.Close()
	if gone, err := s.Thin(ctx, ref, false); len(gone) > 0 || err != nil {
		t.Errorf("%d commits have gone, %v", len(gone), err)
	}
	_, err = s.GC(ctx, pfs.GCOptions{Grace: -1, AfterSalvage: true})
	noError(t, err)
	if gone, err := s.Thin(ctx, ref, false); len(gone) == 0 || err != nil {
		t.Errorf("%d commits have gone, %v", len(gone), err)
	}
}

// TestSalvageOlderBranch loses the newest record of a branch, of which an older table has one: the branch is moved on to the last
// commit that can be read, of those that were made on it, and the check says that even that may not be the last. New commits do no
// harm to those that are there.
func TestSalvageOlderBranch(t *testing.T) {
	opts := pfstest.Options(t)
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	putFile(t, s, ref, "old", noise(1, 60<<10))
	noError(t, s.Close())
	s = pfstest.OpenDisk(t, dir)
	var made []pfs.CommitID
	for i := range 40 { // so that commits and the index of paths have blocks of their own
		made = append(made, putFile(t, s, ref, strings.Repeat("new", 60), noise(uint64(2+i), 60<<10)).ID)
	}
	noError(t, s.Close())
	found := hurtTable(t, dir, opts, func(b []byte) {
		at := bytes.Index(b, []byte("master"))
		if at < 0 {
			t.Fatal("the branch is not in the newest table")
		}
		b[at] ^= 1
	})
	if found.LostRows == 0 || found.Uncounted != 0 || len(found.Lost) != 1 {
		t.Errorf("%+v", found)
	}
	s = pfstest.OpenDisk(t, dir)
	defer s.Close()
	repaired, err := s.Repair(ctx)
	noError(t, err)
	if len(repaired.Moved) != 1 || !strings.HasPrefix(repaired.Moved[0], "master.r is at commit ") {
		t.Errorf("%+v", repaired)
	}
	got := strings.Join(problems(t, s), "\n")
	for _, want := range []string{"salvaged: ", "lost are rows", "master.r: corrupt data: branch: it may be older"} {
		if !strings.Contains(got, want) {
			t.Errorf("the check does not say %q:\n%s", want, got)
		}
	}
	branch, err := s.Branches(ctx, "r")
	noError(t, err)
	if len(branch) != 1 || slices.Index(made, branch[0].Head) < 10 {
		t.Fatalf("%+v", branch)
	}
	before := problems(t, s)
	putFile(t, s, ref, "more", noise(77, 60<<10))
	if after := problems(t, s); !slices.Equal(after, before) {
		t.Errorf("a new commit does harm:\n%s", strings.Join(after, "\n"))
	}
	if _, err := os.Stat(filepath.Join(dir, found.Kept)); err != nil {
		t.Error(err)
	}
}

// held returns rows with the note of a salvage that has lost some of any kind, and with the rows of some kinds that before has.
func held(t *testing.T, rows, before *memkv.Store, kinds string) *memkv.Store {
	t.Helper()
	rec := schema.SalvageRecord{Time: 1, Lost: []schema.LostRows{{File: "f", Why: "w"}}}
	batch := kv.Batch{Puts: []kv.Row{{Key: schema.SalvageKey(), Value: rec.Append(nil)}}}
	noError(t, before.View(ctx, func(r kv.Reader) error {
		for _, kind := range kinds {
			for row, err := range r.Scan([]byte{byte(kind)}, nil, false) {
				if err != nil {
					return err
				}
				batch.Puts = append(batch.Puts, kv.Row{Key: bytes.Clone(row.Key), Value: bytes.Clone(row.Value)})
			}
		}
		return nil
	}))
	after := rows.Crash()
	noError(t, after.Commit(ctx, batch))
	return after
}

// unseen returns the problems that a check finds, but for those that say that something may be older.
func unseen(t *testing.T, s *pfs.Store) []string {
	t.Helper()
	return slices.DeleteFunc(problems(t, s), func(p string) bool {
		return strings.Contains(p, "it may be older") || strings.HasPrefix(p, "salvaged: ")
	})
}

// TestSalvagedNames brings rows back whose deletions, or newer versions, are lost. Whatever is done under all names afterwards, each
// commit keeps its place and its files, and no two branches share a line.
func TestSalvagedNames(t *testing.T) {
	for name, c := range map[string]struct {
		// change is made behind the state of which rows of some kinds come back.
		change func(t *testing.T, s *pfs.Store)
		back   string
		repo   string
		names  int
	}{
		"branch renamed": {func(t *testing.T, s *pfs.Store) {
			_, err := s.RenameBranch(ctx, pfs.BranchRef("r", "master"), "main")
			noError(t, err)
		}, "b", "r", 2},
		"branch renamed and changed": {func(t *testing.T, s *pfs.Store) {
			_, err := s.RenameBranch(ctx, pfs.BranchRef("r", "master"), "main")
			noError(t, err)
			put(t, s, pfs.BranchRef("r", "main"), "f", "renamed")
		}, "b", "r", 2},
		"repo renamed": {func(t *testing.T, s *pfs.Store) {
			_, err := s.RenameRepo(ctx, "r", "a")
			noError(t, err)
		}, "r", "a", 1},
		"places lost": {func(t *testing.T, s *pfs.Store) {
			put(t, s, pfs.BranchRef("r", "master"), "f", "newest")
		}, "b-q", "r", 1},
		"line and counters lost": {func(t *testing.T, s *pfs.Store) {
			_, err := s.CreateBranch(ctx, pfs.BranchRef("r", "dev"), pfs.BranchOptions{From: pfs.BranchRef("r", "master")})
			noError(t, err)
		}, "m-lh", "r", 2},
	} {
		t.Run(name, func(t *testing.T) {
			rows, disk := memkv.New(), pack.NewMemory(nil)
			s := openMemory(t, rows, disk)
			makeRepo(t, s, "r")
			put(t, s, pfs.BranchRef("r", "master"), "f", "first")
			before := rows.Crash()
			c.change(t, s)
			noError(t, s.Close())
			back, lose, _ := strings.Cut(c.back, "-")
			after := rows.Crash()
			loseRows(t, after, lose)
			s = openMemory(t, held(t, after, before, back), disk.Crash(nil))
			defer func() { noError(t, s.Close()) }()
			_, err := s.Repair(ctx)
			noError(t, err)
			known := unseen(t, s)
			branches, err := s.Branches(ctx, "")
			noError(t, err)
			if len(branches) != c.names || branches[0].Repo != c.repo {
				t.Errorf("the branches are %+v", branches)
			}
			_, err = s.CreateBranch(ctx, pfs.BranchRef(c.repo, "new"), pfs.BranchOptions{From: pfs.BranchRef(c.repo, branches[0].Name)})
			noError(t, err)
			branches = append(branches, pfs.Branch{Repo: c.repo, Name: "new"})
			made := map[pfs.CommitID]string{}
			for _, text := range []string{"1", "2"} {
				for _, b := range branches {
					made[put(t, s, pfs.BranchRef(b.Repo, b.Name), "f", b.Name+text).ID] = b.Name + text
				}
			}
			for id, text := range made {
				if got := read(t, s, pfs.Ref{Repo: c.repo, Commit: id}, "f"); got != text {
					t.Errorf("the commit of %s has %s", text, got)
				}
			}
			if got := unseen(t, s); !slices.Equal(got, known) {
				t.Errorf("commits do harm:\n%s\nbefore:\n%s", strings.Join(got, "\n"), strings.Join(known, "\n"))
			}
		})
	}
}
