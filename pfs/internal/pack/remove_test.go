package pack

import (
	"errors"
	"testing"

	"pfsd/pfs/internal/schema"
)

// TestRemove removes a pack while somebody reads it, and one that is appended to.
func TestRemove(t *testing.T) {
	for name, fs := range map[string]FS{"memory": NewMemory(nil), "dir": DirOf(t, t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(fs, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			w, err := s.Lease(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			loc, err := w.Append(schema.Hash{1}, make([]byte, 50000))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Remove(loc.Pack); !errors.Is(err, ErrInUse) {
				t.Errorf("a pack with a writer: %v", err)
			}
			w.Release()
			if err := s.Remove(loc.Pack); !errors.Is(err, ErrInUse) {
				t.Errorf("a pack that is open: %v", err)
			}
			s.Seal()
			_, h, err := s.record(loc)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Remove(loc.Pack); err != nil {
				t.Fatal(err)
			}
			if err := s.ReadAt(loc, make([]byte, 10), 0); !errors.Is(err, ErrNotFound) {
				t.Errorf("read after removal: %v", err)
			}
			if err := readFull(h.file, loc.Pack, make([]byte, 10), loc.Offset); err != nil {
				t.Errorf("read that was under way: %v", err)
			}
			if files, _ := fs.List(); len(files) != 1 {
				t.Errorf("the file went while it was read: %v", files)
			}
			s.handles.release(h)
			if files, _ := fs.List(); len(files) != 0 {
				t.Errorf("the file is still there: %v", files)
			}
			if err := s.Remove(loc.Pack); !errors.Is(err, ErrNotFound) {
				t.Errorf("second removal: %v", err)
			}
		})
	}
}
