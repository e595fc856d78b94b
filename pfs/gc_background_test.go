package pfs_test

import (
	"bytes"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestCollectsByItself deletes a repo, and then leaves bytes behind that nothing names: both are gone without anybody asking, the
// first when it cannot be restored any more and not before, the second within a day.
func TestCollectsByItself(t *testing.T) {
	clock := newRestingClock(10 * time.Minute)
	opts := pfstest.Options(t)
	opts.Now, opts.Wait, opts.Grace = clock.Now, clock.wait, 2*time.Hour
	s := pfstest.NewStoreWith(t, opts)
	makeRepo(t, s, "kept")
	kept := noise(1, 1<<20)
	putFile(t, s, pfs.BranchRef("kept", "master"), "file", kept)
	makeRepo(t, s, "gone")
	putFile(t, s, pfs.BranchRef("gone", "master"), "file", noise(2, 20<<20))
	noError(t, s.DeleteRepo(ctx, "gone", true))
	clock.turns(11)
	if n := packBytes(t, s); n < 20<<20 {
		t.Errorf("%d bytes are left before it was time", n)
	}
	clock.turns(4)
	if n := packBytes(t, s); n > 2<<20 {
		t.Errorf("%d bytes are left of what was deleted", n)
	}

	in, err := s.Ingest(ctx, bytes.NewReader(noise(3, 20<<20)))
	noError(t, err)
	in.Release()
	putFile(t, s, pfs.BranchRef("kept", "master"), "other", []byte("text"))
	if n := packBytes(t, s); n < 20<<20 {
		t.Fatalf("only %d bytes are stored", n)
	}
	clock.turns(24*6 + 3)
	if n := packBytes(t, s); n > 2<<20 {
		t.Errorf("%d bytes are left that nothing names", n)
	}
	if !bytes.Equal(readFile(t, s, pfs.BranchRef("kept", "master"), "file"), kept) {
		t.Error("the file that was kept has other bytes")
	}
}
