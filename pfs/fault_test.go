package pfs_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

var errBroken = errors.New("broken disk")

// fault is one way in which the disk fails, and the kind of error that comes of it.
type fault struct {
	op   pack.Op // of the packs; empty for a write to the key-value store
	err  error
	want pfs.Kind
	// lasting is set when every later write fails, too.
	lasting bool
	// hits is how often it must be possible at least.
	hits int
}

// TestFaults has each write of a run fail, one at a time and in each way: the request that needs it fails with the right
// kind, nothing of it is seen then or after a power cut, and it succeeds when it is made again.
func TestFaults(t *testing.T) {
	for name, f := range withShortages(map[pack.Op]int{
		pack.OpCreate: 1, pack.OpWrite: 5, pack.OpSync: 5, pack.OpSyncDir: 1, pack.OpFree: 1,
	}, map[string]fault{
		"rows: full disk":       {err: kv.ErrNoSpace, want: pfs.KindNoSpace, hits: 12},
		"rows: broken disk":     {err: errBroken, want: pfs.KindInternal, lasting: true, hits: 12},
		"packs: create":         {op: pack.OpCreate, err: errBroken, want: pfs.KindInternal, hits: 1},
		"packs: write":          {op: pack.OpWrite, err: errBroken, want: pfs.KindInternal, hits: 5},
		"packs: full disk":      {op: pack.OpWrite, err: syscall.ENOSPC, want: pfs.KindNoSpace, hits: 5},
		"packs: sync":           {op: pack.OpSync, err: errBroken, want: pfs.KindInternal, hits: 5},
		"packs: full at a sync": {op: pack.OpSync, err: syscall.ENOSPC, want: pfs.KindNoSpace, hits: 5},
		"packs: directory":      {op: pack.OpSyncDir, err: errBroken, want: pfs.KindInternal, hits: 1},
		"rows: exhausted":       {err: kv.ErrExhausted, want: pfs.KindExhausted, hits: 12},
	}) {
		t.Run(name, func(t *testing.T) {
			hits := 0
			for ; runWithFault(t, f, hits+1); hits++ {
			}
			if hits < f.hits {
				t.Errorf("only %d operations could fail, want %d", hits, f.hits)
			}
		})
	}
}

// withShortages returns faults, and those of calls of a pack's files that fail since something of the machine is used up. hits has
// the calls, and how often each must be possible. Of descriptors and memory it takes one errno, but with PFSD_TEST_FULL all.
func withShortages(hits map[pack.Op]int, faults map[string]fault) map[string]fault {
	for op, n := range hits {
		errnos := map[syscall.Errno]pfs.Kind{syscall.EMFILE: pfs.KindExhausted, syscall.EDQUOT: pfs.KindNoSpace}
		if full() {
			errnos[syscall.ENFILE], errnos[syscall.ENOMEM] = pfs.KindExhausted, pfs.KindExhausted
		}
		for err, want := range errnos {
			faults["packs: "+string(op)+": "+err.Error()] = fault{op: op, err: err, want: want, hits: n}
		}
	}
	return faults
}

// runWithFault runs a script in which the n-th operation fails, and reports whether there was one.
func runWithFault(t *testing.T, f fault, n int) bool {
	rows := memkv.New()
	var seen atomic.Int64
	packs := pack.NewMemory(func(op pack.Op, _ string) error {
		if op == f.op && seen.Add(1) == int64(n) {
			return f.err
		}
		return nil
	})
	r := &faultRun{scriptRun: newScriptRun(t, rows, packs), fault: f, rows: rows, packs: packs}
	r.create("master", "")
	if f.op == "" {
		rows.Fail(n, f.err)
	}
	r.run()
	pfstest.Check(t, r.store)
	switch err := r.store.Close(); {
	case err == nil:
		r.synced("master")
	case r.hit && !f.lasting:
		t.Errorf("close: %v", err)
	default: // the last change is pending, and is lost
		r.hit = true
		wantKind(t, err, f.want)
	}
	r.afterCrash(rows.Crash(), packs.Crash(nil))
	failed := seen.Load() >= int64(n)
	if f.op == "" {
		failed = rows.Planned() == 0
	}
	if failed != r.hit {
		t.Errorf("the operation failed: %t; a request did: %t", failed, r.hit)
	}
	if t.Failed() {
		t.Fatalf("that was with a failure of operation %d", n)
	}
	return failed
}

// faultRun is a run on branch master in which something fails.
type faultRun struct {
	*scriptRun
	fault fault
	rows  *memkv.Store
	packs *pack.Memory
	// redo makes again the changes that are not known to be on disk.
	redo []func() error
	// hit is set when something has failed, stopped when nothing can become durable any more, and applied when something that
	// cannot was applied since.
	hit     bool
	stopped error
	applied bool
}

// run makes every sort of request.
func (r *faultRun) run() {
	r.put("a", "small")
	r.put("b", large(1))
	r.apply("c", large(2))
	r.sync()
	r.apply("c", large(3))
	r.apply("d", "small too")
	r.cut()
	r.upload("e", large(4), "end")
	r.change("rename", "b", "f", func(tx *pfs.Tx) error { return tx.Rename("b", "f", pfs.RenameReplace) })
	r.apply("g", large(5))
	r.put("h", large(6))
	r.change("removal", "a", "", func(tx *pfs.Tx) error { return tx.Remove("a") })
	r.apply("last", large(7))
}

// do makes a request that is to have the branch show what was said last; before is what it shows if it fails.
func (r *faultRun) do(before contents, request func() error) {
	t := r.t
	t.Helper()
	if r.stopped != nil {
		switch err := request(); {
		case err != nil:
		case strings.HasPrefix(r.step, "apply"):
			r.applied = true
		case r.applied || r.step != "sync" && r.step != "cut":
			t.Errorf("%s succeeded on a broken disk", r.step)
		}
		return
	}
	err := request()
	if err == nil {
		return
	}
	if r.hit {
		t.Errorf("%s: %v, although nothing failed", r.step, err)
	}
	r.hit = true
	wantKind(t, err, r.fault.want)
	if got := r.read(r.store, master); !equalContents(got, before) {
		t.Errorf("%s: after an error the branch shows %v, want %v", r.step, got, before)
	}
	r.afterCrash(r.rows.Crash(), r.packs.Crash(nil))
	if r.fault.lasting {
		r.stopped = err
		return
	}
	if err = request(); err == nil {
		return
	}
	// What had been applied is lost, and is not taken for anything else.
	wantKind(t, err, pfs.KindInternal)
	for _, again := range r.redo {
		if err := again(); err != nil {
			t.Errorf("%s: made again: %v", r.step, err)
		}
	}
	if err := request(); err != nil {
		t.Errorf("%s: still %v", r.step, err)
	}
}

// done says that all that was done is on disk, if it is.
func (r *faultRun) done() {
	if r.stopped == nil {
		r.synced("master")
		r.redo = nil
	}
}

// write returns a function that stores text and hands it to a request.
func (r *faultRun) write(text string, request func(*pfs.Ingested) error) func() error {
	return func() error {
		in, err := r.store.Ingest(ctx, strings.NewReader(text))
		if err != nil {
			return err
		}
		defer in.Release()
		return request(in)
	}
}

func (r *faultRun) put(path, text string) {
	r.t.Helper()
	before, c := r.now("master"), r.now("master")
	c[path] = hashOf(text)
	r.next("master", "put of "+path, c)
	r.do(before, r.write(text, func(in *pfs.Ingested) error {
		_, err := r.store.Update(ctx, master, byCLI, func(tx *pfs.Tx) error { return tx.PutFile(path, in.Content, nil, 0) })
		return err
	}))
	r.done()
}

func (r *faultRun) apply(path, text string) {
	r.t.Helper()
	before, c := r.now("master"), r.now("master")
	c[path] = hashOf(text)
	r.next("master", "apply of "+path, c)
	request := r.write(text, func(in *pfs.Ingested) error {
		return r.store.Apply(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.PutFile(path, in.Content, nil, 0) })
	})
	r.redo = append(r.redo, request)
	r.do(before, request)
}

func (r *faultRun) sync() {
	r.t.Helper()
	r.step = "sync"
	r.do(r.now("master"), func() error { return r.store.Sync(ctx, master) })
	r.done()
}

func (r *faultRun) cut() {
	r.t.Helper()
	r.step = "cut"
	r.do(r.now("master"), func() error { _, err := r.store.Cut(ctx, master); return err })
	r.done()
}

// change makes a commit in which what was at from is at to, or nowhere.
func (r *faultRun) change(step, from, to string, fn func(*pfs.Tx) error) {
	r.t.Helper()
	before, c := r.now("master"), r.now("master")
	if to != "" {
		c[to] = c[from]
	}
	delete(c, from)
	r.next("master", step, c)
	r.do(before, func() error { _, err := r.store.Update(ctx, master, byCLI, fn); return err })
	r.done()
}

// upload writes a file in parts.
func (r *faultRun) upload(path string, parts ...string) {
	r.t.Helper()
	before, c := r.now("master"), r.now("master")
	c["upload of "+path] = pfs.Hash{}
	r.next("master", "start of an upload", c)
	var u pfs.Upload
	r.do(before, func() (err error) { u, err = r.store.CreateUpload(ctx, master, path, nil); return err })
	r.done()
	for i, text := range parts {
		before, c := r.now("master"), r.now("master")
		c["part "+string(rune('1'+i))+" of "+path] = hashOf(text)
		r.next("master", "part of an upload", c)
		r.do(before, func() error {
			p, err := r.store.IngestPart(ctx, strings.NewReader(text), int64(i)*int64(len(parts[0])))
			if err != nil {
				return err
			}
			defer p.Release()
			_, err = r.store.PutPart(ctx, master, u.ID, i+1, p, nil)
			return err
		})
		r.done()
	}
	before, c = r.now("master"), r.now("master")
	delete(c, "upload of "+path)
	delete(c, "part 1 of "+path)
	delete(c, "part 2 of "+path)
	c[path] = hashOf(strings.Join(parts, ""))
	r.next("master", "end of an upload", c)
	r.do(before, func() error { return r.join(u, path, len(parts)) })
	r.done()
}

func (r *faultRun) join(u pfs.Upload, path string, parts int) error {
	chosen, err := r.store.Parts(ctx, master, u.ID, 0, 0)
	if err != nil {
		return err
	}
	in, err := r.store.JoinParts(ctx, master, u.ID, chosen)
	if err != nil {
		return err
	}
	defer in.Release()
	_, err = r.store.Update(ctx, master, byCLI, func(tx *pfs.Tx) error {
		return errors.Join(tx.EndUpload(u.ID), tx.PutFile(path, in.Content, nil, 0))
	})
	return err
}
