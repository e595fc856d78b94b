// Package fulldisk_test runs the built pfsd on a disk that gets full.
package fulldisk_test

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
