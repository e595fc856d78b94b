package pfs_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestGCBesideLoad collects all garbage again and again while the same few contents are written, copied, read, uploaded in
// parts and removed by many at a time: whatever is there reads right, whatever was acknowledged is there.
func TestGCBesideLoad(t *testing.T) {
	const seed, workers = 11, 6
	rounds := 24
	if testing.Short() {
		rounds = 10
	}
	t.Logf("seed %d", seed)
	s := pfstest.NewStore(t)
	makeRepo(t, s, "r")
	noError(t, ensureBranch(s, "r", "base"))
	var stop atomic.Bool
	var collections sync.WaitGroup
	ran := 0
	collections.Go(func() {
		for ; !stop.Load(); ran++ {
			if _, err := s.GC(ctx, pfs.GCOptions{Compact: pfs.CompactAll}); err != nil {
				t.Errorf("collection: %v", err)
				return
			}
		}
	})
	var load sync.WaitGroup
	for i := range workers {
		w := &gcWorker{t: t, s: s, rng: rand.New(rand.NewPCG(seed, uint64(i))), name: fmt.Sprint("w", i)}
		load.Go(func() { w.run(rounds) })
	}
	load.Wait()
	stop.Store(true)
	collections.Wait()
	if ran < 2 {
		t.Errorf("only %d collections beside the load", ran)
	}
	t.Logf("%d collections", ran)
}

// gcWorker is one of those who use the store. All use the same contents, so that what one lets go of another needs.
type gcWorker struct {
	t    *testing.T
	s    *pfs.Store
	rng  *rand.Rand
	name string
}

// bytes returns one of a few contents: small ones, of a few chunks, and of several windows that share most of their chunks.
func (w *gcWorker) bytes() []byte {
	n := w.rng.IntN(15)
	switch n {
	case 0, 1, 2, 3:
		return noise(uint64(100+n), 5000)
	case 4, 5, 6, 7, 8, 9, 10, 11, 12, 13:
		return noise(uint64(100+n), 700<<10)
	}
	b := noise(110, 18<<20)
	b[w.rng.IntN(4)<<20] ^= 1
	return b
}

func (w *gcWorker) fail(what string, err error) bool {
	if err != nil {
		w.t.Errorf("%s: %s: %v", w.name, what, err)
	}
	return err != nil
}

func (w *gcWorker) run(rounds int) {
	for i := range rounds {
		branch := fmt.Sprintf("%s-%d", w.name, i)
		ref := pfs.BranchRef("r", branch)
		if w.fail("branch", ensureBranch(w.s, "r", branch)) {
			return
		}
		data := w.bytes()
		var ok bool
		switch w.rng.IntN(4) {
		case 0:
			ok = w.put(ref, data, false)
		case 1:
			ok = w.put(ref, data, true)
		case 2:
			ok = w.upload(ref, data)
		default:
			ok = w.rewrite(ref, data)
		}
		if !ok || !w.read(ref, data, w.rng.IntN(2) == 0) {
			return
		}
		if w.rng.IntN(4) > 0 && w.fail("delete", w.s.DeleteBranch(ctx, ref, false)) {
			return
		}
	}
}

// put ingests and links, releasing the pin late or early as doors do.
func (w *gcWorker) put(ref pfs.Ref, data []byte, pending bool) bool {
	in, err := w.s.Ingest(ctx, bytes.NewReader(data))
	if w.fail("ingest", err) {
		return false
	}
	defer in.Release()
	link := func(tx *pfs.Tx) error { return tx.PutFile("d/f", in.Content, nil, 0) }
	if pending {
		return !w.fail("apply", w.s.Apply(ctx, ref, byMount, link))
	}
	_, err = w.s.Update(ctx, ref, byCLI, link)
	return !w.fail("update", err)
}

func (w *gcWorker) upload(ref pfs.Ref, data []byte) bool {
	u, err := w.s.CreateUpload(ctx, ref, "d/f", nil)
	if w.fail("upload", err) {
		return false
	}
	var chosen []pfs.Part
	half := len(data) / 2
	for i, piece := range [][]byte{data[:half], data[half:]} {
		p, err := w.s.IngestPart(ctx, bytes.NewReader(piece), int64(i*half))
		if w.fail("part", err) {
			return false
		}
		put, err := w.s.PutPart(ctx, ref, u.ID, i+1, p, nil)
		p.Release()
		if w.fail("put part", err) {
			return false
		}
		chosen = append(chosen, put)
	}
	in, err := w.s.JoinParts(ctx, ref, u.ID, chosen)
	if w.fail("join", err) {
		return false
	}
	defer in.Release()
	_, err = w.s.Update(ctx, ref, byCLI, func(tx *pfs.Tx) error {
		if err := tx.EndUpload(u.ID); err != nil {
			return err
		}
		return tx.PutFile("d/f", in.Content, nil, 0)
	})
	return !w.fail("end of upload", err)
}

// rewrite makes the content of another one that is only held by the reader that was opened on it.
func (w *gcWorker) rewrite(ref pfs.Ref, data []byte) bool {
	other := bytes.Clone(data)
	at := w.rng.IntN(len(other))
	other[at] ^= 0x55
	in, err := w.s.Ingest(ctx, bytes.NewReader(other))
	if w.fail("ingest", err) {
		return false
	}
	base := in.Content
	f := w.s.OpenContent(base)
	in.Release()
	made, err := w.s.Rewrite(ctx, base, base.Size, []pfs.Range{{Offset: int64(at), Size: 1}}, bytes.NewReader(data))
	if w.fail("rewrite", err) {
		return false
	}
	defer made.Release()
	if got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size())); w.fail("read of a base", err) || !bytes.Equal(got, other) {
		w.t.Errorf("%s: a base has other bytes", w.name)
		return false
	}
	_, err = w.s.Update(ctx, ref, byCLI, func(tx *pfs.Tx) error { return tx.PutFile("d/f", made.Content, nil, 0) })
	return !w.fail("update", err)
}

// read reads the file back; with gone, after its branch was deleted.
func (w *gcWorker) read(ref pfs.Ref, want []byte, gone bool) bool {
	snap, err := w.s.Snapshot(context.Background(), ref)
	if w.fail("snapshot", err) {
		return false
	}
	if gone && w.fail("delete", w.s.DeleteBranch(ctx, ref, false)) {
		return false
	}
	for item, err := range snap.Walk(ctx, "", "") {
		if w.fail("walk", err) {
			return false
		}
		if item.Entry.Kind != pfs.EntryFile {
			continue
		}
		f, err := snap.Open(ctx, item.Path)
		if w.fail("open", err) {
			return false
		}
		got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if w.fail("read", err) {
			return false
		}
		if !bytes.Equal(got, want) {
			w.t.Errorf("%s: the file has other bytes", w.name)
			return false
		}
	}
	if gone {
		return !w.fail("branch again", ensureBranch(w.s, ref.Repo, ref.Name))
	}
	return true
}
