package pack_test

import (
	"errors"
	"slices"
	"testing"

	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// TestNumber gives out ids above those that were noted, never one that was not noted before, and none when noting fails.
func TestNumber(t *testing.T) {
	s := open(t, pack.NewMemory(nil), pack.Options{MaxSize: 1, Idle: 1})
	var noted []uint64
	broken := errors.New("broken")
	fail := true
	s.Number(7, func(last uint64) error {
		if fail {
			return broken
		}
		noted = append(noted, last)
		return nil
	})
	w := lease(t, s)
	if _, err := w.Append(schema.Hash{1}, []byte("data")); !errors.Is(err, broken) {
		t.Errorf("append without an id: %v", err)
	}
	fail = false
	for id := uint64(8); id < 8+65; id++ {
		loc, err := w.Append(schema.Hash{1}, []byte("data"))
		if err != nil || loc.Pack != id {
			t.Fatalf("pack %d, want %d: %v", loc.Pack, id, err)
		}
	}
	if want := []uint64{71, 135}; !slices.Equal(noted, want) {
		t.Errorf("noted %v, want %v", noted, want)
	}
}
