package memkv_test

import (
	"errors"
	"testing"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/kvtest"
	"pfsd/pfs/internal/kv/memkv"
)

func TestContract(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kvtest.Opener {
		s := memkv.New()
		return func() (kv.Store, error) {
			s = s.Crash()
			return s, nil
		}
	})
}

func one(key string) kv.Batch { return kv.Batch{Puts: []kv.Row{{Key: []byte(key)}}} }

// keys returns how many rows there are.
func count(t *testing.T, s kv.Store) int {
	t.Helper()
	n := 0
	err := s.View(t.Context(), func(r kv.Reader) error {
		for range r.Scan(nil, nil, false) {
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCrash: each step of a write can be looked at as a power cut would leave it.
func TestCrash(t *testing.T) {
	s := memkv.New()
	var counts []int
	s.Watch(func(crashed *memkv.Store) { counts = append(counts, count(t, crashed)) })
	if err := s.Commit(t.Context(), kv.Batch{Puts: append(one("a").Puts, one("b").Puts...)}); err != nil {
		t.Fatal(err)
	}
	before := s.Crash()
	if err := s.Put(t.Context(), append(one("c").Puts, one("d").Puts...)); err != nil {
		t.Fatal(err)
	}
	if len(counts) != 3 || counts[0] != 2 || counts[1] != 3 || counts[2] != 4 {
		t.Errorf("rows after each step: %v", counts)
	}
	if err := before.Commit(t.Context(), one("z")); err != nil {
		t.Fatal(err)
	}
	if count(t, before) != 3 || count(t, s) != 4 {
		t.Error("a crashed store and its origin share rows")
	}
}

// TestFail plans failures, which happen, once for a full disk and for good for a broken one.
func TestFail(t *testing.T) {
	s := memkv.New()
	broken := errors.New("broken")
	s.Fail(1, kv.ErrNoSpace)
	s.Fail(3, broken)
	for i, want := range []error{kv.ErrNoSpace, nil, broken, broken} {
		if err := s.Commit(t.Context(), one(string(rune('a'+i)))); !errors.Is(err, want) {
			t.Errorf("write %d: got %v, want %v", i+1, err, want)
		}
	}
	if s.Planned() != 0 {
		t.Errorf("%d failures did not happen", s.Planned())
	}
	if n := count(t, s); n != 1 {
		t.Errorf("%d rows were written", n)
	}
	after := s.Crash()
	if err := after.Commit(t.Context(), one("x")); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}
