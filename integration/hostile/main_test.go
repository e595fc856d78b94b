// Package hostile_test has crowds of clients at the door that want nothing but its memory.
package hostile_test

import (
	"os"
	"syscall"
	"testing"

	"pfsd/integration/harness"
)

func TestMain(m *testing.M) {
	// The crowds need a descriptor for each client.
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		limit.Cur = limit.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	code := m.Run()
	harness.Remove()
	os.Exit(code)
}
