package pack_test

import (
	"testing"

	"pfsd/pfs/internal/pack"
)

// benchRecord is the size of a common chunk.
const benchRecord = 128 << 10

func benchStore(b *testing.B) (*pack.Store, *pack.Writer) {
	s, err := pack.Open(pack.DirOf(b, b.TempDir()), pack.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	w, err := s.Lease(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return s, w
}

// BenchmarkAppend appends, and syncs every 64 MiB.
func BenchmarkAppend(b *testing.B) {
	s, w := benchStore(b)
	hash, data := fill(1, benchRecord)
	b.SetBytes(benchRecord)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		loc, err := w.Append(hash, data)
		if err != nil {
			b.Fatal(err)
		}
		if n++; n%512 == 0 {
			if err := s.Sync(b.Context(), loc.Pack); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkRead reads whole records, with all checks or after these were made.
func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"checked", "again"} {
		b.Run(name, func(b *testing.B) {
			s, w := benchStore(b)
			hash, data := fill(1, benchRecord)
			var locs []pack.Location
			for range 500 {
				loc, err := w.Append(hash, data)
				if err != nil {
					b.Fatal(err)
				}
				locs = append(locs, loc)
			}
			b.SetBytes(benchRecord)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				loc := locs[n%len(locs)]
				n++
				var err error
				if name == "checked" {
					_, err = s.Verify(loc)
				} else {
					err = s.ReadAt(loc, data, 0)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
