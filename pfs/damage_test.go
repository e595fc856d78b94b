package pfs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// damaged returns what is left of rows when those with a prefix, and a key that has some text in it, have other bytes.
func damaged(t *testing.T, rows *memkv.Store, prefix, text string) *memkv.Store {
	t.Helper()
	after := rows.Crash()
	var hurt []kv.Row
	noError(t, after.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan([]byte(prefix), nil, false) {
			if err != nil {
				return err
			}
			if strings.Contains(string(row.Key), text) {
				hurt = append(hurt, kv.Row{Key: row.Key, Value: append([]byte{0xff}, row.Value...)})
			}
		}
		return nil
	}))
	if len(hurt) == 0 {
		t.Fatalf("no row %q with %q", prefix, text)
	}
	noError(t, after.Put(ctx, hurt))
	return after
}

// TestDamagedRecords opens stores in which one record is damaged: all else is served, nothing is put in its place, a check
// names it, and no garbage is collected, since it is not known what it leads to.
func TestDamagedRecords(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	s := openMemory(t, rows, disk)
	for _, repo := range []string{"one", "two"} {
		makeRepo(t, s, repo)
		noError(t, ensureBranch(s, repo, "side"))
		putFile(t, s, pfs.BranchRef(repo, "master"), "f", noise(1, 300<<10))
		putFile(t, s, pfs.BranchRef(repo, "side"), "f", []byte("small"))
		_, err := s.CreateTag(ctx, pfs.BranchRef(repo, "v1"), pfs.BranchRef(repo, "side"))
		noError(t, err)
	}
	_, err := s.StartCommit(ctx, pfs.BranchRef("one", "side"), byCLI)
	noError(t, err)
	noError(t, s.Close())
	for _, c := range []struct {
		name, prefix, text string
		lost               pfs.Ref
		want               pfs.Kind
	}{
		{"branch", "b", "side", pfs.BranchRef("one", "side"), pfs.KindCorrupt},
		{"tag", "t", "v1", pfs.BranchRef("one", "v1"), pfs.KindCorrupt},
		{"repo", "r", "one", pfs.BranchRef("one", "master"), pfs.KindRepoNotFound},
		{"counters", "m", "", pfs.Ref{}, 0},
		{"open commit", "o", "", pfs.Ref{}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			packs, err := pack.Open(disk.Crash(nil), pack.Options{})
			noError(t, err)
			s, err := pfs.OpenOn(ctx, damaged(t, rows, c.prefix, c.text), packs, pfstest.Options(t))
			noError(t, err)
			defer s.Close()
			readFile(t, s, pfs.BranchRef("two", "master"), "f")
			putFile(t, s, pfs.BranchRef("two", "master"), "g", []byte("goes on"))
			if c.lost != (pfs.Ref{}) {
				_, err := s.Snapshot(ctx, c.lost)
				wantKind(t, err, c.want)
				_, err = s.CreateBranch(ctx, c.lost, pfs.BranchOptions{By: byCLI, CreateRepo: true})
				if err == nil {
					t.Error("something else was put in its place")
				}
			}
			report, err := s.Check(ctx, pfs.CheckOptions{})
			noError(t, err)
			if c.name == "counters" {
				return // which have been counted again, and written
			}
			if len(report.Problems) == 0 {
				t.Error("the check found nothing")
			}
			_, err = s.GC(ctx, pfs.GCOptions{})
			wantKind(t, err, pfs.KindCorrupt)
		})
	}
}

// TestHurt damages one chunk: the check names every commit of every repo that has it, with the path, and no more.
func TestHurt(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	s := openMemory(t, rows, disk)
	defer s.Close()
	want := map[string]bool{}
	for _, repo := range []string{"one", "two"} {
		makeRepo(t, s, repo)
		ref := pfs.BranchRef(repo, "master")
		putFile(t, s, ref, "good", noise(2, 100<<10))
		for i, path := range []string{"dir/bad", "other"} {
			made := putFile(t, s, ref, path, noise(1, 60<<10))
			want[pfs.Ref{Repo: repo, Commit: made.ID}.String()+":/dir/bad"] = true
			if i == 1 {
				want[pfs.Ref{Repo: repo, Commit: made.ID}.String()+":/other"] = true
			}
		}
	}
	var at pack.Location
	noError(t, rows.View(ctx, func(r kv.Reader) error {
		h := hashOf(string(noise(1, 60<<10)))
		value, err := r.Get(append([]byte{chunkPrefix}, h[:]...))
		at, _ = location([]byte{chunkPrefix}, value)
		return err
	}))
	disk.Corrupt("0000000000000001.pack", at.Offset+40000)
	var told []pfs.CheckProgress
	report, err := s.Check(ctx, pfs.CheckOptions{Deep: true, Progress: func(p pfs.CheckProgress) { told = append(told, p) }})
	noError(t, err)
	if last := told[len(told)-1]; last.Read != 160<<10 || last.Total < last.Read || last.Entries == 0 || last.Problems == 0 {
		t.Errorf("told in the end: %+v", last)
	}
	got := map[string]bool{}
	for _, p := range report.Problems {
		got[p.Ref+":/"+p.Path] = true
	}
	for name := range want {
		if !got[name] {
			t.Errorf("not named: %s", name)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("named, and not hurt: %v", got)
	}
}

// TestDamagedRecordsAreNotReplaced renames and restores repos where one is damaged, or has a damaged branch: what is there
// stays as it is.
func TestDamagedRecordsAreNotReplaced(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	s := openMemory(t, rows, disk)
	makeRepo(t, s, "one")
	noError(t, s.DeleteRepo(ctx, "one", true))
	for _, repo := range []string{"one", "two"} {
		makeRepo(t, s, repo)
		noError(t, ensureBranch(s, repo, "side"))
	}
	noError(t, s.Close())
	t.Run("repo", func(t *testing.T) {
		s := openMemory(t, damaged(t, rows, "r", "one"), disk.Crash(nil))
		_, err := s.RenameRepo(ctx, "two", "one")
		wantKind(t, err, pfs.KindCorrupt)
		wantKind(t, s.UndeleteRepo(ctx, "one"), pfs.KindCorrupt)
		noError(t, s.Close())
	})
	t.Run("branch", func(t *testing.T) {
		s := openMemory(t, damaged(t, rows, "b", "side"), disk.Crash(nil))
		_, err := s.RenameRepo(ctx, "two", "three")
		noError(t, err)
		wantKind(t, ensureBranch(s, "three", "side"), pfs.KindExists)
		_, err = s.Snapshot(ctx, pfs.BranchRef("three", "side"))
		wantKind(t, err, pfs.KindCorrupt)
		noError(t, s.Close())
	})
}

// TestCheckRate has a deep check read so many bytes a second, by the store's clock.
func TestCheckRate(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	opts.Wait = func(ctx context.Context, d time.Duration) error {
		if d >= 10*time.Second { // what goes on in the background
			<-ctx.Done()
		}
		clock.Add(max(d, 0))
		return ctx.Err()
	}
	s := pfstest.NewStoreWith(t, opts)
	makeRepo(t, s, "r")
	putFile(t, s, pfs.BranchRef("r", "master"), "file", noise(1, 1<<20))
	begin := clock.Now()
	_, err := s.Check(ctx, pfs.CheckOptions{Deep: true, Rate: 256 << 10})
	noError(t, err)
	if took := clock.Now().Sub(begin); took < 3*time.Second || took > 5*time.Second {
		t.Errorf("a MiB at 256 KiB a second took %v", took)
	}
}
