package pack_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// FuzzScan opens arbitrary bytes as a pack: nothing panics, what is reported lies within the file, and a record can be read
// exactly if it verifies, then with the hash that was reported.
func FuzzScan(f *testing.F) {
	sound, err := os.ReadFile(filepath.Join("testdata", "v1.pack"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound)
	f.Add(sound[:200])
	f.Add(append(sound[:100:100], sound[120:]...))
	f.Add([]byte("pfsdPACK"))
	f.Fuzz(func(t *testing.T, data []byte) {
		mem := pack.NewMemory(nil)
		file, err := mem.Create("0000000000000001.pack")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(data, 0); err != nil {
			t.Fatal(err)
		}
		s, err := pack.Open(mem, pack.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.Scan(t.Context(), 1, func(hash schema.Hash, loc pack.Location) error {
			if loc.Offset < 0 || loc.Offset+int64(loc.Length) > int64(len(data)) {
				t.Errorf("%v is outside of %d bytes", loc, len(data))
			}
			p := make([]byte, loc.Length)
			readErr := s.ReadAt(loc, p, 0)
			got, err := s.Verify(loc)
			if (readErr == nil) != (err == nil) || err == nil && got != hash {
				t.Errorf("%v: ReadAt %v, Verify %v, %v", loc, readErr, got, err)
			}
			return nil
		})
		if err != nil && !errors.Is(err, pack.ErrCorrupt) && !errors.Is(err, pack.ErrNotFound) {
			t.Error(err)
		}
	})
}
