package pack_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/pfs/internal/pack"
)

// plan is a list of faults: each fails the next operation of its kind. A test must meet all of them.
type plan struct {
	t  *testing.T
	mu sync.Mutex
	// faults are taken from the front, by operation; nil lets one operation pass.
	faults map[pack.Op][]error
}

func newPlan(t *testing.T) *plan {
	p := &plan{t: t, faults: map[pack.Op][]error{}}
	t.Cleanup(func() {
		for op, left := range p.faults {
			if len(left) > 0 {
				t.Errorf("%d planned faults of %s did not happen", len(left), op)
			}
		}
	})
	return p
}

func (p *plan) add(op pack.Op, errs ...error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[op] = append(p.faults[op], errs...)
}

func (p *plan) before(op pack.Op, _ string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := p.faults[op]
	if len(left) == 0 {
		return nil
	}
	p.faults[op] = left[1:]
	return left[0]
}

var errDisk = errors.New("disk is broken")

// TestDurable: after Sync a record survives a power cut, and only after.
func TestDurable(t *testing.T) {
	mem := pack.NewMemory(nil)
	s := open(t, mem, pack.Options{})
	w1, w2 := lease(t, s), lease(t, s)
	a, b := put(t, w1, 1, 1000), put(t, w2, 2, 1000)
	if got := open(t, mem.Crash(nil), pack.Options{}).Packs(); len(got) != 0 {
		t.Errorf("packs are there before any sync: %v", got)
	}
	for range 2 {
		if err := s.Sync(t.Context(), a.Pack); err != nil {
			t.Fatal(err)
		}
	}
	c := put(t, w1, 3, 1000)
	after := open(t, mem.Crash(nil), pack.Options{})
	check(t, after, a, 1, 1000)
	if err := after.ReadAt(b, make([]byte, 1), 0); !errors.Is(err, pack.ErrNotFound) {
		t.Errorf("a pack that was not synced: %v", err)
	}
	if err := after.ReadAt(c, make([]byte, 1), 0); !errors.Is(err, pack.ErrCorrupt) {
		t.Errorf("a record that was not synced: %v", err)
	}
	w1.Release()
	w2.Release()
	if err := s.Sync(t.Context(), a.Pack, b.Pack); err != nil {
		t.Fatal(err)
	}
	after = open(t, mem.Crash(nil), pack.Options{})
	check(t, after, b, 2, 1000)
	check(t, after, c, 3, 1000)
	if err := s.Sync(t.Context(), 77); !errors.Is(err, pack.ErrNotFound) {
		t.Errorf("no such pack: %v", err)
	}
	if err := s.Sync(t.Context()); err != nil {
		t.Errorf("nothing to sync: %v", err)
	}
}

// TestSyncIsShared: callers that come while an fsync runs share the next one, and a pack on disk needs none.
func TestSyncIsShared(t *testing.T) {
	var syncs atomic.Int32
	started, proceed := make(chan struct{}, 100), make(chan struct{})
	s := open(t, pack.NewMemory(func(op pack.Op, _ string) error {
		if op == pack.OpSync {
			syncs.Add(1)
			started <- struct{}{}
			<-proceed
		}
		return nil
	}), pack.Options{})
	w := lease(t, s)
	loc := put(t, w, 1, 100)
	var wg sync.WaitGroup
	wait := func() {
		wg.Go(func() {
			if err := s.Sync(t.Context(), loc.Pack); err != nil {
				t.Error(err)
			}
		})
	}
	wait()
	<-started
	put(t, w, 2, 100)
	for range 20 {
		wait()
	}
	close(proceed)
	wg.Wait()
	if err := s.Sync(t.Context(), loc.Pack); err != nil {
		t.Fatal(err)
	}
	if n := syncs.Load(); n > 2 {
		t.Errorf("%d fsyncs for 22 callers", n)
	}
}

// TestFailedSync: the pack is abandoned, with its file or with its directory.
func TestFailedSync(t *testing.T) {
	for name, op := range map[string]pack.Op{"file": pack.OpSync, "directory": pack.OpSyncDir} {
		t.Run(name, func(t *testing.T) {
			faults := newPlan(t)
			s := open(t, pack.NewMemory(faults.before), pack.Options{})
			w := lease(t, s)
			first := put(t, w, 1, 20000)
			if op == pack.OpSync {
				if err := s.Sync(t.Context(), first.Pack); err != nil {
					t.Fatal(err)
				}
			}
			lost := put(t, w, 2, 20000)
			faults.add(op, errDisk)
			for range 2 {
				if err := s.Sync(t.Context(), lost.Pack); !errors.Is(err, errDisk) {
					t.Errorf("Sync: got %v", err)
				}
			}
			if err := s.ReadAt(lost, make([]byte, 1), 0); !errors.Is(err, errDisk) {
				t.Errorf("a lost record is read: %v", err)
			}
			if op == pack.OpSync {
				check(t, s, first, 1, 20000)
			}
			next := put(t, w, 3, 20000)
			if next.Pack == lost.Pack {
				t.Error("an abandoned pack is appended to")
			}
			if err := s.Sync(t.Context(), next.Pack); err != nil {
				t.Errorf("the next pack: %v", err)
			}
			if info := s.Packs()[0]; !info.Sealed || !errors.Is(info.Err, errDisk) {
				t.Errorf("Packs: %+v", info)
			}
		})
	}
}

// TestAbandonedIsNotLeased: a pack whose fsync failed while nobody held it is not given out.
func TestAbandonedIsNotLeased(t *testing.T) {
	faults := newPlan(t)
	s := open(t, pack.NewMemory(faults.before), pack.Options{})
	w := lease(t, s)
	lost := put(t, w, 1, 100)
	w.Release()
	faults.add(pack.OpSync, errDisk)
	if err := s.Sync(t.Context(), lost.Pack); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	if loc := put(t, lease(t, s), 2, 100); loc.Pack == lost.Pack {
		t.Error("an abandoned pack is appended to")
	}
}

// TestFailedWrite: nothing is stored, what came before can be synced, and the Writer goes on elsewhere.
func TestFailedWrite(t *testing.T) {
	for name, c := range map[string]struct{ fault, want error }{
		"broken": {errDisk, errDisk}, "full": {unix.ENOSPC, pack.ErrNoSpace}, "quota": {unix.EDQUOT, pack.ErrNoSpace},
	} {
		t.Run(name, func(t *testing.T) {
			faults := newPlan(t)
			mem := pack.NewMemory(faults.before)
			s := open(t, mem, pack.Options{})
			w := lease(t, s)
			first := put(t, w, 1, 1000)
			faults.add(pack.OpWrite, c.fault)
			if _, err := w.Append(fill(2, 1000)); !errors.Is(err, c.want) || !errors.Is(err, c.fault) {
				t.Errorf("Append: got %v", err)
			}
			second := put(t, w, 3, 1000)
			if first.Pack == second.Pack {
				t.Error("the Writer goes on behind a torn record")
			}
			if err := s.Sync(t.Context(), first.Pack, second.Pack); err != nil {
				t.Fatal(err)
			}
			after := open(t, mem.Crash(nil), pack.Options{})
			check(t, after, first, 1, 1000)
			check(t, after, second, 3, 1000)
		})
	}
}

// TestFailedCreate: a pack that cannot be made leaves nothing behind, and the Writer tries again.
func TestFailedCreate(t *testing.T) {
	for _, op := range []pack.Op{pack.OpCreate, pack.OpWrite} {
		t.Run(string(op), func(t *testing.T) {
			faults := newPlan(t)
			mem := pack.NewMemory(faults.before)
			s := open(t, mem, pack.Options{})
			w := lease(t, s)
			faults.add(op, unix.ENOSPC)
			if _, err := w.Append(fill(1, 1000)); !errors.Is(err, pack.ErrNoSpace) {
				t.Errorf("Append: got %v", err)
			}
			if files, _ := mem.List(); len(files) != 0 || len(s.Packs()) != 0 {
				t.Errorf("left behind: %v", files)
			}
			check(t, s, put(t, w, 1, 1000), 1, 1000)
		})
	}
}

// TestFreeMark: appends fail while the disk is too full, and succeed when it is not any more.
func TestFreeMark(t *testing.T) {
	dir := scarce{pack.NewMemory(nil), new(atomic.Int64)}
	dir.free.Store(1000)
	s := open(t, dir, pack.Options{FreeMark: 1001})
	w := lease(t, s)
	for range 3 {
		if _, err := w.Append(fill(1, 1000)); !errors.Is(err, pack.ErrNoSpace) {
			t.Errorf("Append: got %v", err)
		}
	}
	dir.free.Store(1001)
	loc := put(t, w, 1, 1000)
	dir.free.Store(0)
	stored := 0
	for range 40 {
		if _, err := w.Append(fill(1, pack.MaxRecord)); err == nil {
			stored++
		} else if !errors.Is(err, pack.ErrNoSpace) {
			t.Fatal(err)
		}
	}
	if stored > 16 {
		t.Errorf("%d MiB were appended to a full disk", stored)
	}
	check(t, s, loc, 1, 1000)
}

// scarce is an FS with as little room as it says.
type scarce struct {
	pack.FS
	free *atomic.Int64
}

func (s scarce) Free() (int64, error) { return s.free.Load(), nil }
