package pack_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs/internal/pack"
)

// TestHeader reads a pack whose header is damaged, which its records do not need, and refuses one of a newer version, whose
// records may mean something else; CheckHeader tells of both.
func TestHeader(t *testing.T) {
	for name, c := range map[string]struct {
		change func(head []byte)
		said   string
		read   bool
	}{
		"damaged": {func(head []byte) { head[20] ^= 1 }, "checksum", true},
		"no pack": {func(head []byte) { head[0] ^= 1 }, "not the header", true},
		"newer": {func(head []byte) {
			binary.BigEndian.PutUint32(head[8:], 2)
			binary.BigEndian.PutUint32(head[28:], crc32.Checksum(head[:28], crc32.MakeTable(crc32.Castagnoli)))
		}, "version 2", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, pack.Dir(dir), pack.Options{})
			loc := put(t, lease(t, s), 1, 50_000)
			if err := errors.Join(s.Sync(t.Context(), loc.Pack), s.CheckHeader(loc.Pack), s.Close()); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "0000000000000001.pack")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c.change(b[:32])
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			s = open(t, pack.Dir(dir), pack.Options{})
			if err := s.CheckHeader(loc.Pack); !errors.Is(err, pack.ErrCorrupt) || !strings.Contains(err.Error(), c.said) {
				t.Errorf("the check says %v", err)
			}
			err = s.ReadAt(loc, make([]byte, 100), 40_000)
			if c.read != (err == nil) || err != nil && !strings.Contains(err.Error(), c.said) {
				t.Errorf("reading: %v", err)
			}
		})
	}
}
