package pfs_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// noise returns n random bytes, the same for the same seed.
func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), 1})
	_, _ = r.Read(b)
	return b
}

// putFile commits a file to a branch.
func putFile(t *testing.T, s *pfs.Store, ref pfs.Ref, path string, data []byte) pfs.Commit {
	t.Helper()
	in, err := s.Ingest(ctx, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Release()
	made, err := s.Update(ctx, ref, byCLI, func(tx *pfs.Tx) error { return tx.PutFile(path, in.Content, nil, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// collect runs a collection with the given grace period.
func collect(t *testing.T, s *pfs.Store, grace time.Duration) *pfs.GCReport {
	t.Helper()
	r, err := s.GC(ctx, pfs.GCOptions{Grace: grace})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func packBytes(t *testing.T, s *pfs.Store) int64 {
	t.Helper()
	st, err := s.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return st.PackBytes
}

// readFile returns the bytes of a file.
func readFile(t *testing.T, s *pfs.Store, ref pfs.Ref, path string) []byte {
	t.Helper()
	snap, err := s.Snapshot(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	f, err := snap.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGCDeletedRepo deletes a repo: until the grace period has passed all of it stays and can be restored, then all that it
// alone had is gone, from the packs too.
func TestGCDeletedRepo(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s := pfstest.NewStoreWith(t, opts)
	makeRepo(t, s, "keep")
	makeRepo(t, s, "gone")
	keep, gone := pfs.BranchRef("keep", "master"), pfs.BranchRef("gone", "master")
	shared, alone := noise(1, 3<<20), noise(2, 9<<20)
	putFile(t, s, keep, "shared", shared)
	putFile(t, s, gone, "shared", shared)
	putFile(t, s, gone, "dir/alone", alone)
	before := packBytes(t, s)
	if r := collect(t, s, -1); r.Reclaimable() != 0 || r.Commits != 0 {
		t.Errorf("nothing was deleted, and this goes: %+v", r)
	}
	noError(t, s.DeleteRepo(ctx, "gone", true))
	if r := collect(t, s, -1); r.Reclaimable() != 0 || r.Waiting.Bytes < int64(len(alone)) {
		t.Errorf("within the grace period: %+v", r)
	}
	noError(t, s.UndeleteRepo(ctx, "gone"))
	if got := readFile(t, s, gone, "dir/alone"); !bytes.Equal(got, alone) {
		t.Error("the restored file has other bytes")
	}
	noError(t, s.DeleteRepo(ctx, "gone", true))
	clock.Add(pfs.DefaultGrace + time.Hour)
	dry, err := s.GC(ctx, pfs.GCOptions{Grace: -1, DryRun: true})
	noError(t, err)
	if dry.History.Bytes < int64(len(alone)) || packBytes(t, s) != before {
		t.Errorf("dry run: %+v", dry)
	}
	r := collect(t, s, -1)
	if r.History.Bytes < int64(len(alone)) || r.Commits != 3 || r.Deleted != 2 {
		t.Errorf("after the grace period: %+v", r)
	}
	if got, want := packBytes(t, s), int64(len(shared)); got > want*11/10 {
		t.Errorf("packs have %d bytes, of which %d are in use", got, want)
	}
	if err := s.UndeleteRepo(ctx, "gone"); pfs.KindOf(err) != pfs.KindRepoNotFound {
		t.Errorf("undelete after all: %v", err)
	}
	if got := readFile(t, s, keep, "shared"); !bytes.Equal(got, shared) {
		t.Error("a file that stays has other bytes")
	}
	if r := collect(t, s, -1); r.Reclaimable() != 0 || r.Commits != 0 || r.Deleted != 0 {
		t.Errorf("a second collection finds more: %+v", r)
	}
}

// TestGCLeftBehind moves a branch: the commits that it leaves stay for a grace period from then on, and no longer.
func TestGCLeftBehind(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s := pfstest.NewStoreWith(t, opts)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	first := putFile(t, s, ref, "a", noise(3, 1<<20))
	second := putFile(t, s, ref, "a", noise(4, 1<<20))
	third := putFile(t, s, ref, "b", []byte("small"))
	_, err := s.Reset(ctx, ref, pfs.Ref{Repo: "r", Commit: first.ID}, byCLI)
	noError(t, err)
	clock.Add(pfs.DefaultGrace - time.Hour)
	if r := collect(t, s, -1); r.Commits != 0 {
		t.Errorf("within the grace period: %+v", r)
	}
	if got := readFile(t, s, pfs.Ref{Repo: "r", Commit: third.ID}, "a"); !bytes.Equal(got, noise(4, 1<<20)) {
		t.Error("a commit that was left behind has other bytes")
	}
	if d, err := s.Deletions(ctx); err != nil || len(d) != 0 {
		t.Errorf("deletions: %v, %v", d, err)
	}
	clock.Add(2 * time.Hour)
	if r := collect(t, s, -1); r.Commits != 2 || r.History.Bytes < 1<<20 {
		t.Errorf("after it: %+v", r)
	}
	if _, err := s.Snapshot(ctx, pfs.Ref{Repo: "r", Commit: second.ID}); pfs.KindOf(err) != pfs.KindCommitNotFound {
		t.Errorf("a commit that has gone: %v", err)
	}
}

// TestGCHolds has everything in use that no name leads to: it stays, until it is let go of.
func TestGCHolds(t *testing.T) {
	s := pfstest.NewStore(t)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	putFile(t, s, ref, "keep", []byte("x"))
	noError(t, ensureBranch(s, "r", "gone"))
	gone := pfs.BranchRef("r", "gone")
	data := noise(5, 40<<20)
	putFile(t, s, gone, "snapshot", data[:5<<20])
	putFile(t, s, gone, "file", data[5<<20:25<<20])
	snap, err := s.Snapshot(ctx, gone)
	noError(t, err)
	other, err := s.Snapshot(ctx, gone)
	noError(t, err)
	file, err := other.Open(ctx, "file")
	noError(t, err)
	noError(t, s.DeleteBranch(ctx, gone, false))
	pinned, err := s.Ingest(ctx, bytes.NewReader(data[25<<20:30<<20]))
	noError(t, err)
	reader, writer := io.Pipe()
	running := make(chan *pfs.Ingested)
	go func() {
		in, err := s.Ingest(ctx, reader)
		if err != nil {
			t.Error(err)
		}
		running <- in
	}()
	_, err = writer.Write(data[30<<20 : 38<<20])
	noError(t, err)
	upload, err := s.CreateUpload(ctx, ref, "up", nil)
	noError(t, err)
	part, err := s.IngestPart(ctx, bytes.NewReader(data[:1<<20]), 0)
	noError(t, err)
	put, err := s.PutPart(ctx, ref, upload.ID, 1, part, nil)
	noError(t, err)
	part.Release()
	r := collect(t, s, 0)
	if r.Commits == 0 {
		t.Errorf("nothing was removed: %+v", r)
	}
	// What is read:
	f, err := snap.Open(ctx, "snapshot")
	noError(t, err)
	if got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size())); err != nil || !bytes.Equal(got, data[:5<<20]) {
		t.Errorf("file of a snapshot: %v", err)
	}
	if got, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size())); err != nil || !bytes.Equal(got, data[5<<20:25<<20]) {
		t.Errorf("open file: %v", err)
	}
	// What is written:
	_, err = writer.Write(data[38<<20:])
	noError(t, err)
	noError(t, writer.Close())
	streamed := <-running
	joined, err := s.JoinParts(ctx, ref, upload.ID, []pfs.Part{put})
	noError(t, err)
	_, err = s.Update(ctx, ref, byCLI, func(tx *pfs.Tx) error {
		for path, c := range map[string]pfs.Content{"p": pinned.Content, "s": streamed.Content, "j": joined.Content} {
			if err := tx.PutFile(path, c, nil, 0); err != nil {
				return err
			}
		}
		return tx.EndUpload(upload.ID)
	})
	noError(t, err)
	for _, in := range []*pfs.Ingested{pinned, streamed, joined} {
		in.Release()
	}
	for path, want := range map[string][]byte{"p": data[25<<20 : 30<<20], "s": data[30<<20:], "j": data[:1<<20]} {
		if !bytes.Equal(readFile(t, s, ref, path), want) {
			t.Errorf("%s has other bytes", path)
		}
	}
	runtime.KeepAlive(snap)
	snap, other, file, f = nil, nil, nil, nil
	collect(t, s, 0)
	if got := packBytes(t, s); got > 18<<20 {
		t.Errorf("packs have %d bytes when nothing is held any more", got)
	}
}

func ensureBranch(s *pfs.Store, repo, branch string) error {
	_, err := s.CreateBranch(ctx, pfs.BranchRef(repo, branch), pfs.BranchOptions{By: byCLI})
	return err
}

// TestGCUnlinked removes what was never linked, and what was overwritten before there was a commit of it.
func TestGCUnlinked(t *testing.T) {
	s := pfstest.NewStore(t)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	in, err := s.Ingest(ctx, strings.NewReader(string(noise(6, 6<<20))))
	noError(t, err)
	in.Release()
	for i := range 5 {
		in, err := s.Ingest(ctx, bytes.NewReader(noise(uint64(10+i), 2<<20)))
		noError(t, err)
		noError(t, s.Apply(ctx, ref, byMount, func(tx *pfs.Tx) error { return tx.PutFile("f", in.Content, nil, 0) }))
		in.Release()
	}
	putFile(t, s, ref, "g", []byte("cuts what is pending"))
	r := collect(t, s, -1)
	if r.Unlinked.Bytes < 13<<20 || r.Commits != 0 {
		t.Errorf("%+v", r)
	}
	if got := packBytes(t, s); got > 3<<20 {
		t.Errorf("packs have %d bytes", got)
	}
	if !bytes.Equal(readFile(t, s, ref, "f"), noise(14, 2<<20)) {
		t.Error("the file has other bytes")
	}
}

func makeRepo(t *testing.T, s *pfs.Store, name string) {
	t.Helper()
	_, err := s.CreateRepo(ctx, name, pfs.Owner{}, byCLI)
	noError(t, err)
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
