// Package browser_test looks at pfsd through a real browser.
package browser_test

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
