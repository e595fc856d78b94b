package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the binary under test, made at most once in a test process.
var built = sync.OnceValues(buildBinary)

// Binary returns the path of the pfsd under test: $PFSD_BIN, or one that is built from the module around the tests. Remove
// deletes the latter.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Root returns the directory of the module, which holds README.md and the Makefile.
func Root(t testing.TB) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// Remove deletes what Binary built. Call it after the last test.
func Remove() {
	if path, err := built(); err == nil && os.Getenv("PFSD_BIN") == "" {
		_ = os.RemoveAll(filepath.Dir(path))
	}
}

func buildBinary() (string, error) {
	if path := os.Getenv("PFSD_BIN"); path != "" {
		return filepath.Abs(path)
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "pfsd-bin")
	if err != nil {
		return "", err
	}
	// Other users run it, too.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pfsd")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build in %s: %w\n%s", root, err, out)
	}
	return path, nil
}

// moduleRoot is the nearest directory above the working directory that has a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}
