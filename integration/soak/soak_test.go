package soak_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"pfsd/integration/harness"
)

// TestSoak changes and reads files through both doors of one server, while branches are made, deleted, restored and deleted
// for good, and garbage is collected, and holds all that is read against a model. In the end the server has no more objects in
// memory, goroutines and open files than after the first quarter of the time; see usage.
func TestSoak(t *testing.T) {
	lasts := 2 * time.Minute
	if d, err := time.ParseDuration(os.Getenv("PFSD_SOAK")); err == nil {
		lasts = d
	}
	seed := harness.Seed(t)
	s := harness.New(t)
	s.Pfsd("repo", "create", "soak")
	dir := s.Dir + "/mount"
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Caches that fill soon are as large in the second quarter of the time as in the last.
	door, mount := s.Serve("master.soak", dir, "--memory", "64MiB", "--admin", "127.0.0.1:0")
	admin := door.Admin()
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	workers := []*worker{
		newWorker(t, s, door, mount, "s3", seed), newWorker(t, s, door, mount, "mount", seed+1),
		newWorker(t, s, door, mount, "branches", seed+2),
	}
	var working sync.WaitGroup
	for i, do := range []func(context.Context, *worker){overS3, inMount, branches} {
		working.Go(func() { do(ctx, workers[i]) })
	}
	working.Go(func() { collect(ctx, workers[2], min(lasts/3, 2*time.Minute)) })
	usage := watch(ctx, door.PID(), admin, lasts/40)
	working.Wait()
	for _, w := range workers {
		w.verifyAll()
		t.Logf("%s: %d changes, %d reads", w.name, w.changes, w.reads)
	}
	usage.isFlat(t)
	mount.Stop()
}

// overS3 changes files by S3 and reads them in either way.
func overS3(ctx context.Context, w *worker) {
	for ctx.Err() == nil && !w.t.Failed() {
		key := w.any()
		switch w.rand.IntN(8) {
		case 0:
			w.did(w.deleteObject("master.soak", key), key, nil)
		case 1, 2, 3:
			data := w.data()
			w.did(w.put("master.soak", key, data), key, data)
		default:
			w.verify("master.soak", key)
		}
	}
}

// inMount changes files in the mount, without syncing each, and reads them in either way.
func inMount(ctx context.Context, w *worker) {
	for ctx.Err() == nil && !w.t.Failed() {
		key := w.any()
		path := w.mount.Path(key)
		switch w.rand.IntN(8) {
		case 0:
			w.did(removeFile(path), key, nil)
		case 1, 2:
			data := w.data()
			w.did(w.replace(path, data), key, data)
		case 3:
			if old := w.files[key]; old != nil && len(old) < 1<<20 {
				more := w.data()
				w.did(appendFile(path, more), key, append(old[:len(old):len(old)], more...))
			}
		default:
			w.verify("master.soak", key)
		}
	}
}

// branches makes a branch with a file more than the last one, deletes it, restores it, and deletes it for good.
func branches(ctx context.Context, w *worker) {
	for n := 0; ctx.Err() == nil && !w.t.Failed(); n++ {
		branch := fmt.Sprintf("b%d.soak", n)
		w.command("branch", "create", "--from", "master.soak", branch)
		data := w.data()
		if err := w.put(branch, w.any(), data); err != nil {
			w.t.Error(err)
		}
		w.files = map[string][]byte{"own": data}
		if err := w.put(branch, "own", data); err != nil {
			w.t.Error(err)
		}
		w.command("branch", "delete", branch)
		w.command("undelete", branch)
		w.verify(branch, "own")
		w.command("branch", "delete", branch)
		w.files = map[string][]byte{}
		w.changes++
	}
}

// collect collects garbage again and again. What was deleted less than a grace period ago stays: it may be restored.
func collect(ctx context.Context, w *worker, grace time.Duration) {
	for ctx.Err() == nil {
		w.command("gc", "--grace", grace.String())
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}
