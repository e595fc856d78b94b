package pfs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// TestRepair loses all rows that say where chunks are, all places and the path index: they are made again, and everything
// is as it was.
func TestRepair(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	packs, err := pack.Open(disk, pack.Options{})
	noError(t, err)
	s, err := pfs.OpenOn(ctx, rows, packs, pfstest.Options(t))
	noError(t, err)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	for i := range 5 {
		putFile(t, s, ref, "dir/f", noise(uint64(i), 2<<20))
	}
	noError(t, s.Close())
	left := rows.Crash()
	var lost kv.Batch
	noError(t, left.View(ctx, func(r kv.Reader) error {
		for _, prefix := range []string{"k", "q", "p"} {
			for row, err := range r.Scan([]byte(prefix), nil, false) {
				if err != nil {
					return err
				}
				lost.Deletes = append(lost.Deletes, row.Key)
			}
		}
		return nil
	}))
	noError(t, left.Commit(ctx, lost))
	packs, err = pack.Open(disk.Crash(nil), pack.Options{})
	noError(t, err)
	s, err = pfs.OpenOn(ctx, left, packs, pfstest.Options(t))
	noError(t, err)
	defer s.Close()
	report, err := s.Check(ctx, pfs.CheckOptions{})
	noError(t, err)
	if len(report.Problems) == 0 {
		t.Error("the check found nothing before the repair")
	}
	repaired, err := s.Repair(ctx)
	noError(t, err)
	if repaired.Chunks == 0 || repaired.Index == 0 || repaired.Places != 6 || repaired.Bad != 0 {
		t.Errorf("%+v", repaired)
	}
	pfstest.Check(t, s)
	if !bytes.Equal(readFile(t, s, ref, "dir/f"), noise(4, 2<<20)) {
		t.Error("the file has other bytes")
	}
}

// TestSalvage opens a store whose list of tables is gone and of whose tables a block is damaged: it refuses, and after a
// salvage it has all but what was in that block, and knows what that is.
func TestSalvage(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	for i := range 60 {
		putFile(t, s, ref, string(rune('a'+i%26))+string(rune('a'+i/26)), noise(uint64(i), 6000))
	}
	noError(t, s.Close())
	noError(t, os.WriteFile(filepath.Join(dir, "kv", "MANIFEST"), []byte("nothing that Badger knows"), 0o600))
	var tables []string
	alter(t, filepath.Join(dir, "kv", "*.sst"), func(name string, b []byte) {
		tables = append(tables, name)
		if len(b) > 200<<10 {
			b[len(b)/3] ^= 0xff
		}
	})
	_, err := pfs.Open(ctx, dir, pfstest.Options(t))
	wantKind(t, err, pfs.KindCorrupt)
	salvaged, err := pfs.Salvage(ctx, dir, pfstest.Options(t))
	noError(t, err)
	if salvaged.Rows < 100 || len(salvaged.Lost) == 0 || len(salvaged.Lost) > 3 {
		t.Errorf("%+v", salvaged)
	}
	if kept, err := filepath.Glob(filepath.Join(dir, salvaged.Kept, "*.sst")); err != nil || len(kept) != len(tables) {
		t.Errorf("kept: %v, %v", kept, err)
	}
	s = pfstest.OpenDisk(t, dir)
	defer s.Close()
	_, err = s.Repair(ctx)
	noError(t, err)
	report, err := s.Check(ctx, pfs.CheckOptions{Deep: true})
	noError(t, err)
	if len(report.Problems) == 0 || report.Commits < 55 {
		t.Errorf("%d commits, %d problems", report.Commits, len(report.Problems))
	}
	snap, err := s.Snapshot(ctx, ref)
	noError(t, err)
	right := 0
	for i := range 60 {
		f, err := snap.Open(ctx, string(rune('a'+i%26))+string(rune('a'+i/26)))
		if err != nil {
			continue
		}
		got := make([]byte, f.Size())
		if _, err := f.ReadAt(got, 0); err == nil {
			right++
			if !bytes.Equal(got, noise(uint64(i), 6000)) {
				t.Errorf("file %d has other bytes", i)
			}
		}
	}
	t.Logf("%d of 60 files can be read; lost: %v", right, salvaged.Lost)
	if right < 50 {
		t.Errorf("only %d of 60 files can be read", right)
	}
}

// TestSalvageOfTheFormat opens a store whose format is not named any more: it refuses, and a salvage names it again and moves
// nothing.
func TestSalvageOfTheFormat(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	makeRepo(t, s, "r")
	putFile(t, s, pfs.BranchRef("r", "master"), "f", noise(1, 6000))
	noError(t, s.Close())
	noError(t, os.Remove(filepath.Join(dir, "FORMAT")))
	if _, err := pfs.Open(ctx, dir, pfstest.Options(t)); pfs.KindOf(err) != pfs.KindCorrupt {
		t.Fatalf("it opens: %v", err)
	}
	salvaged, err := pfs.Salvage(ctx, dir, pfstest.Options(t))
	noError(t, err)
	if kept, _ := filepath.Glob(filepath.Join(dir, "kv.damaged*")); salvaged != nil || len(kept) > 0 {
		t.Errorf("%+v was salvaged, and %v is there", salvaged, kept)
	}
	s, err = pfs.Open(ctx, dir, pfstest.Options(t))
	noError(t, err)
	defer s.Close()
	if !bytes.Equal(readFile(t, s, pfs.BranchRef("r", "master"), "f"), noise(1, 6000)) {
		t.Error("the file has other bytes")
	}
}

// TestSalvageOfNothing salvages a store whose rows are gone altogether: it fails, and the store does not open afterwards as one
// that is empty.
func TestSalvageOfNothing(t *testing.T) {
	dir := t.TempDir()
	s := pfstest.OpenDisk(t, dir)
	makeRepo(t, s, "r")
	putFile(t, s, pfs.BranchRef("r", "master"), "f", noise(1, 60<<10))
	noError(t, s.Close())
	noError(t, os.RemoveAll(filepath.Join(dir, "kv")))
	if _, err := pfs.Salvage(ctx, dir, pfstest.Options(t)); err == nil {
		t.Error("something was salvaged")
	}
	if _, err := pfs.Open(ctx, dir, pfstest.Options(t)); pfs.KindOf(err) != pfs.KindCorrupt {
		t.Errorf("it opens: %v", err)
	}
}
