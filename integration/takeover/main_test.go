// Package takeover_test takes the process away that holds a store, while others have doors on it, and sees that the doors
// come back with nothing lost.
package takeover_test

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
