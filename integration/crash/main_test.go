// Package crash_test takes the built pfsd away in the middle of its work, by kill -9 and by power cuts, and holds what is
// there afterwards against a log of what had been acknowledged, which the tests keep.
//
// PFSD_ROUNDS=N asks for N kills, PFSD_SEED replays the choices of a run (not its timing), PFSD_FULL=1 asks for the large
// runs.
package crash_test

import (
	"os"
	"testing"

	"pfsd/integration/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Remove()
	os.Exit(code)
}
