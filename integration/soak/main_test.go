// Package soak_test runs the built pfsd for a long time: PFSD_SOAK=1h says how long, without it two minutes.
package soak_test

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
