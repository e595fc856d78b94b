package schema_test

import (
	"encoding/hex"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateTrees = flag.Bool("update-trees", false,
	"write the golden entries and nodes in testdata anew: only together with a new format version")

// golden compares encodings with the file of that name, which has a line for each: its name and its bytes in hex.
func golden(t *testing.T, file string, encodings map[string][]byte) {
	t.Helper()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(encodings)) {
		b.WriteString(name + " " + hex.EncodeToString(encodings[name]) + "\n")
	}
	path := filepath.Join("testdata", file)
	if *updateTrees {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("encodings are\n%s\nwant, from %s,\n%s", b.String(), path, want)
	}
}
