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
// records may mean something else.
func TestHeader(t *testing.T) {
	for name, c := range map[string]struct {
		change func(head []byte)
		said   string // empty when it can be read
	}{
		"damaged":       {func(head []byte) { head[20] ^= 1 }, ""},
		"no pack":       {func(head []byte) { head[0] ^= 1 }, ""},
		"never written": {func(head []byte) { clear(head) }, ""},
		"newer": {func(head []byte) {
			binary.BigEndian.PutUint32(head[8:], 2)
			binary.BigEndian.PutUint32(head[28:], crc32.Checksum(head[:28], crc32.MakeTable(crc32.Castagnoli)))
		}, "version 2"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, pack.DirOf(t, dir), pack.Options{})
			loc := put(t, lease(t, s), 1, 50_000)
			if err := errors.Join(s.Sync(t.Context(), loc.Pack), s.CheckVersion(loc.Pack), s.Close()); err != nil {
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
			s = open(t, pack.DirOf(t, dir), pack.Options{})
			for what, err := range map[string]error{
				"the check": s.CheckVersion(loc.Pack), "reading": s.ReadAt(loc, make([]byte, 100), 40_000),
			} {
				if (err == nil) != (c.said == "") || err != nil && (!errors.Is(err, pack.ErrCorrupt) || !strings.Contains(err.Error(), c.said)) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}
