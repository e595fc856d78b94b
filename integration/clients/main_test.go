// Package clients_test takes the S3 clients that people use through the same things, on doors with keys, over plain HTTP and
// over TLS: TestMatrix has the table. PFSD_BIN names the binary under test, else one is built.
package clients_test

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
