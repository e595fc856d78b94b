package descriptors_test

import (
	"testing"

	"pfsd/cli/internal/descriptors"
)

// TestDivide: whatever the limit, each use has a share, and at least a quarter of the limit, and 40, is nobody's but the store's.
func TestDivide(t *testing.T) {
	for limit := descriptors.Least; limit <= 1<<20; limit += 1 + limit/7 {
		s, err := descriptors.Divide(limit)
		if err != nil {
			t.Fatal(err)
		}
		all := 2*s.Connections + s.Control + s.Admin + s.Packs + s.Appending + s.Scratch
		if left := limit - all; left < max(limit/4, 40) {
			t.Errorf("of %d descriptors %d are left for the store", limit, left)
		}
		if min(s.Connections, s.Control, s.Admin, s.Packs, s.Appending, s.Scratch) < 3 {
			t.Errorf("of %d descriptors a share is tiny: %+v", limit, s)
		}
	}
	if _, err := descriptors.Divide(descriptors.Least - 1); err == nil {
		t.Error("too small a limit was divided")
	}
}

// TestLimit: there is a limit, and a sensible one.
func TestLimit(t *testing.T) {
	if limit, err := descriptors.Limit(); err != nil || limit < 10 {
		t.Error(limit, err)
	}
}
