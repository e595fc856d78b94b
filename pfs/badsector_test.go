package pfs_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// badSector is a store with five files of one pack, of which one cannot be read whole.
type badSector struct {
	*pfs.Store
	ref   pfs.Ref
	files map[string][]byte
}

func newBadSector(t *testing.T, opts pfs.Options) badSector {
	t.Helper()
	rows, disk := memkv.New(), pack.NewMemory(nil)
	opts.Log = slog.New(slog.DiscardHandler)
	s := openMemoryWith(t, rows, disk, opts)
	t.Cleanup(func() { noError(t, s.Close()) })
	makeRepo(t, s, "r")
	b := badSector{s, pfs.BranchRef("r", "master"), map[string][]byte{}}
	for i, path := range []string{"a", "bad", "c", "d", "e"} {
		b.files[path] = noise(uint64(i), 60<<10)
		putFile(t, s, b.ref, path, b.files[path])
	}
	noError(t, rows.View(ctx, func(r kv.Reader) error {
		h := hashOf(string(b.files["bad"]))
		value, err := r.Get(append([]byte{chunkPrefix}, h[:]...))
		at, _ := location([]byte{chunkPrefix}, value)
		disk.Break("0000000000000001.pack", at.Offset+30000)
		return err
	}))
	return b
}

// check reads all files, of which the bad one fails, and has them checked, which names it.
func (b badSector) check(t *testing.T) {
	t.Helper()
	snap, err := b.Snapshot(ctx, b.ref)
	noError(t, err)
	for path, want := range b.files {
		f, err := snap.Open(ctx, path)
		noError(t, err)
		got := make([]byte, len(want))
		_, err = f.ReadAt(got, 0)
		switch {
		case path == "bad":
			wantKind(t, err, pfs.KindCorrupt)
		case err != nil || !bytes.Equal(got, want):
			t.Errorf("%s has other bytes, or %v", path, err)
		}
	}
	report, err := b.Check(ctx, pfs.CheckOptions{Deep: true})
	noError(t, err)
	for _, p := range report.Problems {
		if p.Path != "bad" || !strings.Contains(p.String(), "input/output error") {
			t.Error(p)
		}
	}
	if len(report.Problems) == 0 {
		t.Error("the check has found nothing")
	}
}

// TestBadSector has one sector of a pack that the disk cannot read: it costs the file that it belongs to, and neither check,
// repair nor compaction stops at it. Stored again, the file is whole.
func TestBadSector(t *testing.T) {
	b := newBadSector(t, pfstest.Options(t))
	b.check(t)
	repaired, err := b.Repair(ctx)
	noError(t, err)
	if repaired.Records != int64(len(b.files)) {
		t.Errorf("%+v", repaired)
	}
	_, err = b.Update(ctx, b.ref, byCLI, func(tx *pfs.Tx) error { return tx.Remove("a") })
	noError(t, err)
	_, err = b.GC(ctx, pfs.GCOptions{Compact: pfs.CompactAll})
	noError(t, err)
	delete(b.files, "a")
	b.check(t)
	putFile(t, b.Store, b.ref, "again", b.files["bad"])
	if !bytes.Equal(readFile(t, b.Store, b.ref, "bad"), b.files["bad"]) {
		t.Error("the file has other bytes")
	}
	pfstest.Check(t, b.Store)
}

// TestScrubOfBadSector passes over what the disk cannot read, and counts it.
func TestScrubOfBadSector(t *testing.T) {
	clock := newRestingClock(time.Minute)
	opts := pfstest.Options(t)
	opts.Now, opts.Wait, opts.ScrubPeriod = clock.Now, clock.wait, time.Hour
	b := newBadSector(t, opts)
	for range 200 {
		clock.turns(1)
		st, err := b.Status(ctx)
		noError(t, err)
		if st.Scrub != nil && st.Scrub.Damaged == 1 && st.Scrub.Read > int64(len(b.files))*60<<10 {
			return
		}
	}
	t.Error("the scrub has not found it, or has not gone on")
}

// TestRepairBesideBadSector has lost all rows of chunks, and finds those that can be read.
func TestRepairBesideBadSector(t *testing.T) {
	rows, disk := memkv.New(), pack.NewMemory(nil)
	s := openMemory(t, rows, disk)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	for i := range 8 {
		putFile(t, s, ref, string(rune('a'+i)), noise(uint64(i), 60<<10))
	}
	noError(t, s.Close())
	var lost kv.Batch
	rows = rows.Crash()
	noError(t, rows.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan([]byte{chunkPrefix}, nil, false) {
			noError(t, err)
			lost.Deletes = append(lost.Deletes, bytes.Clone(row.Key))
		}
		return nil
	}))
	noError(t, rows.Commit(ctx, lost))
	// The head of the first record; the end of the second, with the head of the third; data of the fifth.
	disk = disk.Crash(nil)
	for _, off := range []int64{0, 2*int64(60<<10) + 200, 4*int64(60<<10) + 20000} {
		disk.Break("0000000000000001.pack", off)
	}
	s = openMemory(t, rows, disk)
	repaired, err := s.Repair(ctx)
	noError(t, err)
	if repaired.Chunks != 4 || repaired.Bad != 2 || len(repaired.Damage) != 3 {
		t.Errorf("%+v", repaired)
	}
	noError(t, s.Close())
}
