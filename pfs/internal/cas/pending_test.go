package cas

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/iotest"

	"lukechampine.com/blake3"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// has reports whether kv, not the unsaved rows, has a key.
func (b *bench) has(t testing.TB, key []byte) bool {
	t.Helper()
	err := b.rows.View(ctx, func(r kv.Reader) error {
		_, err := r.Get(key)
		return err
	})
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// recorder is what a crash would leave: it notes which packs are synced, and fails the test when a row is written that
// refers to bytes which are not.
type recorder struct {
	packs
	t  testing.TB
	mu sync.Mutex // guards the rest
	// appended and synced have, for each pack, the offset up to which bytes are in it and on disk.
	appended, synced map[uint64]int64
}

func (r *recorder) Lease(ctx context.Context) (appender, error) {
	a, err := r.packs.Lease(ctx)
	return recordedAppender{a, r}, err
}

type recordedAppender struct {
	appender
	r *recorder
}

func (a recordedAppender) Append(h schema.Hash, data []byte) (pack.Location, error) {
	loc, err := a.appender.Append(h, data)
	a.r.mu.Lock()
	defer a.r.mu.Unlock()
	a.r.appended[loc.Pack] = max(a.r.appended[loc.Pack], loc.Offset+int64(loc.Length))
	return loc, err
}

func (r *recorder) Sync(ctx context.Context, ids ...uint64) error {
	r.mu.Lock()
	upTo := map[uint64]int64{}
	for _, id := range ids {
		upTo[id] = r.appended[id]
	}
	r.mu.Unlock()
	err := r.packs.Sync(ctx, ids...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, end := range upTo {
		r.synced[id] = max(r.synced[id], end)
	}
	return err
}

// saved checks a row that goes into kv.
func (r *recorder) saved(row kv.Row) {
	if !bytes.HasPrefix(row.Key, schema.ChunkKey(schema.Hash{})[:1]) {
		return
	}
	_, loc, err := decodeChunk(row.Value)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || loc.Length > 0 && r.synced[loc.Pack] < loc.Offset+int64(loc.Length) {
		r.t.Errorf("row of %v is saved before its bytes are (%v)", loc, err)
	}
}

// watchedRows shows each row that is written to a recorder.
type watchedRows struct {
	kv.Store
	r *recorder
}

func (w watchedRows) Put(ctx context.Context, rows []kv.Row) error {
	for _, row := range rows {
		w.r.saved(row)
	}
	return w.Store.Put(ctx, rows)
}

func (w watchedRows) Commit(ctx context.Context, b kv.Batch) error {
	for _, row := range b.Puts {
		w.r.saved(row)
	}
	return w.Store.Commit(ctx, b)
}

// newRecorded returns a bench that fails the test when the order of durability is not kept.
func newRecorded(t testing.TB) *bench {
	b := newBench(t)
	r := &recorder{packs: packStore{b.packs}, t: t, appended: map[uint64]int64{}, synced: map[uint64]int64{}}
	b.rows = watchedRows{b.rows, r}
	b.Store = newStore(b.rows, r, Options{})
	return b
}

func TestPendingOrder(t *testing.T) {
	b := newRecorded(t)
	var wg sync.WaitGroup
	contents := make([]schema.Content, 24)
	datas := make([][]byte, len(contents))
	for i := range contents {
		// Some share bytes, and some are inline.
		size := []int{2 << 20, 20000, 600000}[i%3]
		datas[i] = append(slices.Clone(noise[:size/2]), noise[i*1000:i*1000+size/2]...)
		wg.Go(func() {
			c, pin, err := b.Ingest(ctx, bytes.NewReader(datas[i]))
			if err != nil {
				t.Error(err)
				return
			}
			defer pin.Release()
			contents[i] = c
		})
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		b.commit(t)
	}
	fresh := New(b.rows, b.packs, Options{})
	for i, c := range contents {
		var got bytes.Buffer
		if _, err := fresh.Open(c).WriteTo(&got); err != nil || !bytes.Equal(got.Bytes(), datas[i]) {
			t.Errorf("content %d cannot be read from what is saved: %v", i, err)
		}
	}
	if len(b.unsaved) > 0 || b.unsavedBytes != 0 || len(b.open) > 0 {
		t.Errorf("left behind: %d rows of %d bytes, %d batches", len(b.unsaved), b.unsavedBytes, len(b.open))
	}
}

// TestPendingSmall checks that a small content costs no write of its own: its rows come back for the committer.
func TestPendingSmall(t *testing.T) {
	b := newBench(t)
	c := b.ingest(t, noise[:20000])
	if b.has(t, schema.ChunkKey(c.Root)) {
		t.Error("saved by Ingest itself")
	}
	flush, err := b.Pending(ctx)
	if err != nil || len(flush.Rows) != 1 || b.has(t, schema.ChunkKey(c.Root)) {
		t.Fatalf("%d rows, %v", len(flush.Rows), err)
	}
	flush.Done(false)
	again, err := b.Pending(ctx)
	if err != nil || len(again.Rows) != 1 {
		t.Fatalf("after Done(false): %d rows, %v", len(again.Rows), err)
	}
	flush.Done(true) // comes too late to count
	if err := b.rows.Commit(ctx, kv.Batch{Puts: again.Rows}); err != nil {
		t.Fatal(err)
	}
	again.Done(true)
	if last, err := b.Pending(ctx); err != nil || len(last.Rows) != 0 {
		t.Errorf("after Done(true): %d rows, %v", len(last.Rows), err)
	}
	b.check(t, c)
}

// TestPendingMany checks that no more is left to the committer than fits into its transaction.
func TestPendingMany(t *testing.T) {
	b := newRecorded(t)
	var contents []schema.Content
	for i := range 100 {
		contents = append(contents, b.ingest(t, noise[i*30000:(i+1)*30000]))
	}
	flush, err := b.Pending(ctx)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, r := range flush.Rows {
		size += r.Size()
	}
	if size > 1<<20 || size < 1<<19 {
		t.Errorf("%d bytes are left to the committer", size)
	}
	if err := b.rows.Commit(ctx, kv.Batch{Puts: flush.Rows}); err != nil {
		t.Fatal(err)
	}
	flush.Done(true)
	fresh := New(b.rows, b.packs, Options{})
	for _, c := range contents {
		if err := fresh.Check(ctx, c, true, func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnfinished checks that one operation can use what another has written that never ends.
func TestUnfinished(t *testing.T) {
	b := newRecorded(t)
	data := noise[:4<<20]
	r, w := io.Pipe()
	failed := make(chan error)
	go func() {
		_, _, err := b.Ingest(ctx, r)
		failed <- err
	}()
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	c := b.ingest(t, data)
	b.commit(t)
	fresh := New(b.rows, b.packs, Options{})
	if err := fresh.Check(ctx, c, true, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	w.CloseWithError(broken)
	if err := <-failed; err != broken {
		t.Errorf("the other ended with %v", err)
	}
	b.commit(t)
	if len(b.unsaved) > 0 {
		t.Errorf("%d rows are left", len(b.unsaved))
	}
}

// TestLost checks that nothing that the disk did not take can be linked, and that it can be written again.
func TestLost(t *testing.T) {
	b := newBench(t)
	broken := &brokenPacks{packs: b.Store.packs, err: errors.New("disk")}
	b.Store.packs = broken
	c, pin, err := b.Ingest(ctx, bytes.NewReader(noise[:1<<20]))
	if err != nil {
		t.Fatal(err)
	}
	defer pin.Release()
	p, partPin, err := b.IngestPart(ctx, bytes.NewReader(noise[:1<<20]), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer partPin.Release()
	safe := b.ingest(t, noise[:10])
	if pin.Err() != nil || b.Verify(t.Context(), c.Root) != nil {
		t.Error("lost too early")
	}
	if _, err := b.Pending(ctx); !errors.Is(err, broken.err) || !errors.Is(err, ErrLost) {
		t.Errorf("Pending: %v", err)
	}
	b.commit(t) // of what was not lost
	for name, err := range map[string]error{
		"pin": pin.Err(), "content": b.Verify(t.Context(), c.Root), "pin of a part": partPin.Err(), "part": b.Verify(t.Context(), p.Root),
	} {
		if !errors.Is(err, ErrLost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.Verify(t.Context(), safe.Root); err != nil {
		t.Errorf("what was not lost: %v", err)
	}
	if _, _, err := b.Join(ctx, []Part{p}); !errors.Is(err, ErrLost) {
		t.Errorf("Join: %v", err)
	}
	if _, _, err := b.Rewrite(ctx, c, 10, nil, nil); !errors.Is(err, ErrLost) {
		t.Errorf("Rewrite: %v", err)
	}
	broken.err = nil
	if again := b.ingest(t, noise[:1<<20]); again != c {
		t.Errorf("again: %+v, want %+v", again, c)
	}
	b.commit(t)
	if err := b.Verify(t.Context(), c.Root); err != nil {
		t.Errorf("after it was written again: %v", err)
	}
	b.check(t, c)
}

// TestLostBySettle checks that what Settle finds lost is known to be when the next Pending has returned.
func TestLostBySettle(t *testing.T) {
	b := newBench(t)
	broken := &brokenPacks{packs: b.Store.packs, err: errors.New("disk")}
	b.Store.packs = broken
	c, pin, err := b.Ingest(ctx, bytes.NewReader(noise[:1<<20]))
	if err != nil {
		t.Fatal(err)
	}
	defer pin.Release()
	if err := b.Settle(ctx); !errors.Is(err, ErrLost) {
		t.Errorf("Settle: %v", err)
	}
	flush, err := b.Pending(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(t.Context(), c.Root); !errors.Is(err, ErrLost) || !errors.Is(pin.Err(), ErrLost) {
		t.Errorf("Verify: %v, Err: %v", err, pin.Err())
	}
	flush.Done(true)
	if err := b.Verify(t.Context(), c.Root); !errors.Is(err, ErrLost) {
		t.Errorf("Verify after Done: %v", err)
	}
}

// TestWrittenAgainAfterLostBySettle checks that a content which was lost and then written again is not taken for lost when
// the first attempt is put away.
func TestWrittenAgainAfterLostBySettle(t *testing.T) {
	b := newBench(t)
	broken := &brokenPacks{packs: b.Store.packs, err: errors.New("disk")}
	b.Store.packs = broken
	c := b.ingest(t, noise[:1<<20])
	if err := b.Settle(ctx); !errors.Is(err, ErrLost) {
		t.Errorf("Settle: %v", err)
	}
	broken.err = nil
	b.ingest(t, noise[:1<<20])
	for range 2 {
		b.commit(t)
		if err := b.Verify(t.Context(), c.Root); err != nil {
			t.Errorf("after it was written again: %v", err)
		}
	}
	b.check(t, c)
}

// TestLostWhileLinked checks that what depends on an unsaved part is lost with it.
func TestLostWhileLinked(t *testing.T) {
	b := newBench(t)
	broken := &brokenPacks{packs: b.Store.packs, err: errors.New("disk")}
	b.Store.packs = broken
	p, pin, err := b.IngestPart(ctx, bytes.NewReader(noise[:1<<21]), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pin.Release()
	c, joined, err := b.Join(ctx, []Part{p})
	if err != nil {
		t.Fatal(err)
	}
	defer joined.Release()
	if _, err := b.Pending(ctx); err == nil {
		t.Fatal("no error")
	}
	if !errors.Is(b.Verify(t.Context(), c.Root), ErrLost) || !errors.Is(joined.Err(), ErrLost) {
		t.Errorf("%v, %v", b.Verify(t.Context(), c.Root), joined.Err())
	}
}

// TestDedup checks that the same bytes again take no room in the packs.
func TestDedup(t *testing.T) {
	b := newBench(t)
	b.ingest(t, noise[:8<<20])
	size := b.packed()
	b.ingest(t, noise[:8<<20])
	b.commit(t)
	b.ingest(t, append(slices.Clone(noise[:8<<20]), noise[:8<<20]...))
	b.join(t, noise[:8<<20], []int{3<<20 + 5}, map[int]bool{1: true})
	if got := b.packed(); got > size+3<<20 {
		t.Errorf("packs have grown from %d to %d", size, got)
	}
}

// packed is how many bytes the packs have.
func (b *bench) packed() (n int64) {
	for _, p := range b.packs.Packs() {
		n += p.Size
	}
	return n
}

func TestErrors(t *testing.T) {
	b := newBench(t)
	broken := errors.New("broken")
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	reader := io.MultiReader(bytes.NewReader(noise[:3<<20]), iotest.ErrReader(broken))
	small := b.ingest(t, noise[:100])
	for _, c := range []struct {
		name string
		run  func() error
		want error
	}{
		{"reader", func() error { _, _, err := b.Ingest(ctx, reader); return err }, broken},
		{"reader of a part", func() error { _, _, err := b.IngestPart(ctx, iotest.ErrReader(broken), 5); return err }, broken},
		{"context", func() error { _, _, err := b.Ingest(canceled, bytes.NewReader(noise)); return err }, context.Canceled},
		{"negative size", func() error { _, _, err := b.Rewrite(ctx, small, -1, nil, nil); return err }, ErrInvalid},
		{"range behind the end", func() error {
			_, _, err := b.Rewrite(ctx, small, 100, []Range{{90, 11}}, bytes.NewReader(noise))
			return err
		}, ErrInvalid},
		{"ranges that overlap", func() error {
			_, _, err := b.Rewrite(ctx, small, 100, []Range{{0, 10}, {9, 1}}, bytes.NewReader(noise))
			return err
		}, ErrInvalid},
		{"source too short", func() error {
			_, _, err := b.Rewrite(ctx, small, 100, []Range{{0, 10}}, bytes.NewReader(noise[:5]))
			return err
		}, io.ErrUnexpectedEOF},
		{"part of nothing", func() error { _, _, err := b.AsPart(ctx, small, 90, 11, 0); return err }, ErrInvalid},
		{"offset", func() error { _, err := b.Open(small).ReadAt(nil, -1); return err }, ErrInvalid},
		{"copy", func() error { _, err := b.Open(small).CopyTo(ctx, io.Discard, 1, 100); return err }, ErrInvalid},
		{"missing", func() error {
			_, err := b.Open(schema.Content{Size: 5, Kind: schema.RootChunk, Root: schema.Hash{1}}).ReadAt(make([]byte, 1), 0)
			return err
		}, ErrCorrupt},
		{"too large", func() error {
			_, _, err := b.Join(ctx, []Part{{Size: 1 << 62, Root: schema.Hash{1}}, {Size: 1 << 62, Root: schema.Hash{1}}})
			return err
		}, ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	if len(b.pins) > 0 {
		t.Errorf("%d pins are left", len(b.pins))
	}
}

func TestPin(t *testing.T) {
	b := newBench(t)
	c, pin, err := b.Ingest(ctx, bytes.NewReader(noise[:10]))
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := b.Ingest(ctx, bytes.NewReader(noise[:10]))
	if err != nil {
		t.Fatal(err)
	}
	pin.Release()
	pin.Release()
	if !b.Pinned(c.Root) {
		t.Error("not pinned any more, though a second pin is held")
	}
	second.Release()
	if b.Pinned(c.Root) {
		t.Error("still pinned")
	}
	(*Pin)(nil).Release()
}

// TestAsPart checks that a range of a content is the part that its bytes would be.
func TestAsPart(t *testing.T) {
	b := newBench(t)
	c := b.ingest(t, noise[:20<<20])
	for _, r := range [][3]int{{0, 20 << 20, 0}, {1 << 20, 1 << 20, 1 << 20}, {5, 18 << 20, 77}, {0, 0, 9}, {20 << 20, 0, 0}} {
		off, n, at := r[0], r[1], r[2]
		want, pin, err := b.IngestPart(ctx, bytes.NewReader(noise[off:off+n]), int64(at))
		if err != nil {
			t.Fatal(err)
		}
		pin.Release()
		got, pin, err := b.AsPart(ctx, c, int64(off), int64(n), int64(at))
		if err != nil || got != want || got.Hash != schema.Hash(blake3.Sum256(noise[off:off+n])) {
			t.Errorf("%v: %+v, want %+v (%v)", r, got, want, err)
		}
		pin.Release()
		var bytesOut bytes.Buffer
		if _, err := b.OpenPart(got).WriteTo(&bytesOut); err != nil || !bytes.Equal(bytesOut.Bytes(), noise[off:off+n]) {
			t.Errorf("%v: other bytes come out (%v)", r, err)
		}
		if err := b.NewChecker(true, func(err error) { t.Error(err) }).Part(ctx, got); err != nil {
			t.Error(err)
		}
	}
}
