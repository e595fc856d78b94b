package integration_test

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"

	"pfsd/integration/harness"
)

// posixSkips are the tests of the public suite that do not apply, each with the reason.
var posixSkips = map[string]string{
	"FdLeak": "it counts the descriptors of the process that serves the mount, which is another one here",
	"FcntlFlockLocksFile": "it wants two POSIX locks of one process to conflict, which they never do; the suite's own " +
		"runner leaves it out",
}

// TestPosix runs the POSIX suite of the FUSE library in a mount.
func TestPosix(t *testing.T) {
	s := harness.New(t)
	m := s.Mount("master.posix", "--create")
	for _, name := range slices.Sorted(maps.Keys(posixtest.All)) {
		t.Run(name, func(t *testing.T) {
			if reason, skip := posixSkips[name]; skip {
				t.Skip(reason)
			}
			dir := m.Path(name)
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			posixtest.All[name](t, dir)
		})
	}
}
