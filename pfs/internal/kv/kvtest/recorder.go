package kvtest

import (
	"bytes"
	"context"
	"sync"

	"pfsd/pfs/internal/kv"
)

// Recorder is a kv.Store that notes each write to another one, for tests that count or order them.
type Recorder struct {
	kv.Store
	onWrite func(Write)

	// mu guards writes.
	mu     sync.Mutex
	writes []Write
}

// Write is one Commit or Put that returned nil.
type Write struct {
	// Commit tells a Commit from a Put.
	Commit bool
	// Puts and Deletes are copies of what was written.
	Puts    []kv.Row
	Deletes [][]byte
}

// Bytes sums the sizes of what was put.
func (w Write) Bytes() int {
	n := 0
	for _, r := range w.Puts {
		n += r.Size()
	}
	return n
}

// Record returns a Recorder of the writes to store. onWrite, if it is not nil, is called before each write, which can be too
// early for its success but shows what was true when it was begun: that packs are synced, for example.
func Record(store kv.Store, onWrite func(Write)) *Recorder {
	if onWrite == nil {
		onWrite = func(Write) {}
	}
	return &Recorder{Store: store, onWrite: onWrite}
}

// Commit implements kv.Store.
func (r *Recorder) Commit(ctx context.Context, b kv.Batch) error {
	w := Write{Commit: true, Puts: cloneRows(b.Puts)}
	for _, key := range b.Deletes {
		w.Deletes = append(w.Deletes, bytes.Clone(key))
	}
	r.onWrite(w)
	return r.note(w, r.Store.Commit(ctx, b))
}

// Put implements kv.Store.
func (r *Recorder) Put(ctx context.Context, rows []kv.Row) error {
	w := Write{Puts: cloneRows(rows)}
	r.onWrite(w)
	return r.note(w, r.Store.Put(ctx, rows))
}

func (r *Recorder) note(w Write, err error) error {
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = append(r.writes, w)
	return nil
}

// Take returns the writes since the last Take, in the order in which they returned.
func (r *Recorder) Take() []Write {
	r.mu.Lock()
	defer r.mu.Unlock()
	writes := r.writes
	r.writes = nil
	return writes
}

func cloneRows(rows []kv.Row) []kv.Row {
	clones := make([]kv.Row, len(rows))
	for i, r := range rows {
		clones[i] = kv.Row{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)}
	}
	return clones
}
