// Package integration_test runs the built pfsd as its users do: through the real clients, real mounts and the shell.
// PFSD_BIN names the binary, else one is built; PFSD_FULL=1 asks for the large runs; PFSD_SEED replays a random test.
package integration_test

import (
	"fmt"
	"os"
	"testing"

	"pfsd/integration/harness"
)

func TestMain(m *testing.M) {
	if os.Args[0] == loopbackShell {
		fmt.Fprintln(os.Stderr, becomeLoopbackShell())
		os.Exit(1)
	}
	code := m.Run()
	harness.Remove()
	os.Exit(code)
}
