package badgerkv_test

import (
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
	"pfsd/pfs/internal/kv/kvtest"
)

func TestContract(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kvtest.Opener {
		dir := t.TempDir()
		return func() (kv.Store, error) { return badgerkv.Open(t.Context(), dir, badgerkv.Options{}) }
	})
}
