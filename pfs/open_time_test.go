package pfs_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestOpenAfterKill opens what a kill leaves of a store with many files, in earnest a million, and prints how long that takes.
// It does not depend on their number: what is replayed are Badger's logs, of which there are never more than a few.
func TestOpenAfterKill(t *testing.T) {
	files, step := 2000, 1000
	if full() {
		files, step = 1_000_000, 10_000
	}
	opts := pfstest.Options(t)
	opts.Memory = 0
	dir := t.TempDir()
	s, err := pfs.Open(ctx, dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < files; i += step {
		contents := make([]*pfs.Ingested, step)
		for j := range contents {
			text := fmt.Sprint("the bytes of file ", i+j, strings.Repeat(".", 100))
			if contents[j], err = s.Ingest(ctx, strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
		}
		update(t, s, master, func(tx *pfs.Tx) error {
			for j, c := range contents {
				if err := tx.PutFile(fmt.Sprintf("dir%d/some-file-name-%08d", (i+j)%100, i+j), c.Content, nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range contents {
			c.Release()
		}
	}
	left := t.TempDir()
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	began, worked := time.Now(), processorTime(t)
	s, err = pfs.Open(ctx, left, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files: open after %v, with %v of processor time", files, time.Since(began), processorTime(t)-worked)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snap.Stat(ctx, fmt.Sprintf("dir%d/some-file-name-%08d", (files-1)%100, files-1)); err != nil {
		t.Error(err)
	}
}

// processorTime is what this process has used so far.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
