package pfs_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// newDisk returns a store on disk with the repo images.
func newDisk(b *testing.B) *pfs.Store {
	b.Helper()
	opts := pfstest.Options(b)
	opts.Now, opts.Memory = time.Now, 0 // as in earnest: what is applied is cut in time
	s, err := pfs.Open(ctx, b.TempDir(), opts)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
		b.Fatal(err)
	}
	return s
}

// fillFlat makes files in one directory.
func fillFlat(b *testing.B, s *pfs.Store, files int) {
	b.Helper()
	c := ingest(b, s, "x")
	for i := 0; i < files; i += 10_000 {
		update(b, s, master, func(tx *pfs.Tx) error {
			for j := i; j < min(files, i+10_000); j++ {
				if err := tx.PutFile(fmt.Sprintf("dir/some-file-name-%08d", j), c, nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// perSecond reports how many of n things were done in a second.
func perSecond(b *testing.B, n int64, what string) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), what+"/s")
}

// BenchmarkIngest stores new random bytes, 64 MiB at a time, and links them.
func BenchmarkIngest(b *testing.B) {
	s := newDisk(b)
	data := make([]byte, 64<<20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		_, _ = rand.Read(data)
		b.StartTimer()
		in, err := s.Ingest(ctx, bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		update(b, s, master, func(tx *pfs.Tx) error { return tx.PutFile("large", in.Content, nil, 0) })
		in.Release()
	}
}

// BenchmarkPut puts small new files, each an Update, beside 100,000 others.
func BenchmarkPut(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			s := newDisk(b)
			fillFlat(b, s, 100_000)
			var next atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						putNew(b, s, i)
					}
				})
			}
			wg.Wait()
			perSecond(b, int64(b.N), "puts")
		})
	}
}

func putNew(b *testing.B, s *pfs.Store, i int64) {
	in, err := s.Ingest(ctx, strings.NewReader(fmt.Sprint("text ", i)))
	if err != nil {
		b.Error(err)
		return
	}
	defer in.Release()
	_, err = s.Update(ctx, master, byCLI, func(tx *pfs.Tx) error {
		return tx.PutFile(fmt.Sprintf("dir/some-file-name-%08d-%d", i*7919%100_000, i), in.Content, nil, 0)
	})
	if err != nil {
		b.Error(err)
	}
}

// BenchmarkApply makes small new files as a mount does.
func BenchmarkApply(b *testing.B) {
	s := newDisk(b)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		in, err := s.Ingest(ctx, strings.NewReader(fmt.Sprint("text ", i)))
		if err != nil {
			b.Fatal(err)
		}
		err = s.Apply(ctx, master, byMount, func(tx *pfs.Tx) error {
			return tx.PutFile(fmt.Sprintf("dir%d/file%d", i/1000, i), in.Content, nil, 0)
		})
		in.Release()
		if err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, int64(b.N), "applies")
}

// BenchmarkStat looks files up among 100,000, in a snapshot taken each time.
func BenchmarkStat(b *testing.B) {
	s := newDisk(b)
	fillFlat(b, s, 100_000)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		snap, err := s.Snapshot(ctx, master)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := snap.Stat(ctx, fmt.Sprintf("dir/some-file-name-%08d", i*7919%100_000)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWalk lists 100,000 files.
func BenchmarkWalk(b *testing.B) {
	s := newDisk(b)
	fillFlat(b, s, 100_000)
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		b.Fatal(err)
	}
	entries := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range snap.Walk(ctx, "", "") {
			if err != nil {
				b.Fatal(err)
			}
			entries++
		}
	}
	perSecond(b, entries, "entries")
}
