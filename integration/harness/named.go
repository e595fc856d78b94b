package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// HasTest reports whether the package in dir has a test function of that name. A document that names tests is compared with
// the tree by it.
func HasTest(t testing.TB, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "func "+name+"(t ") {
			return true
		}
	}
	return false
}
