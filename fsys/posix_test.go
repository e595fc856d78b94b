package fsys_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"
)

// posixSkips are the tests of the library's suite that do not apply, with the reason.
var posixSkips = map[string]string{
	"FcntlFlockLocksFile": "it locks a file twice in one process, which POSIX grants (see the library's own skip)",
}

func TestPOSIX(t *testing.T) {
	for _, env := range [][]string{nil, {"GOMAXPROCS=1"}} {
		name := "default"
		if len(env) > 0 {
			name = env[0]
		}
		t.Run(name, func(t *testing.T) { testPOSIX(t, newFixture(t, env...)) })
	}
}

func testPOSIX(t *testing.T, f *fixture) {
	for name, test := range posixtest.All {
		t.Run(name, func(t *testing.T) {
			if reason := posixSkips[name]; reason != "" {
				t.Skip(reason)
			}
			dir := filepath.Join(f.dir, name)
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			test(t, dir)
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		})
	}
}
