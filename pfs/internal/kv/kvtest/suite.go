// Package kvtest checks that an implementation of kv.Store keeps the contract's promises.
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pfsd/pfs/internal/kv"
)

// Opener opens a store. Called again after Close, it opens the same store with what it had on disk.
type Opener func() (kv.Store, error)

// Run runs the whole suite. fresh returns an Opener of a store that is empty, and another one each time; it may use t for
// temporary directories.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for name, test := range map[string]func(*testing.T, Opener){
		"GetAndDelete":       testGetAndDelete,
		"ScanEdges":          testScanEdges,
		"ScanModel":          testScanModel,
		"ScanStops":          testScanStops,
		"NestedScans":        testNestedScans,
		"DeleteWhileScan":    testDeleteWhileScan,
		"Isolation":          testIsolation,
		"NothingTorn":        testNothingTorn,
		"ReadYourCommit":     testReadYourCommit,
		"Limits":             testLimits,
		"LargePut":           testLargePut,
		"SlicesNotKept":      testSlicesNotKept,
		"Canceled":           testCanceled,
		"ErrorsUnchanged":    testErrorsUnchanged,
		"UseAfterClose":      testUseAfterClose,
		"CloseWaits":         testCloseWaits,
		"Reopen":             testReopen,
		"ManyVersionsOfAKey": testManyVersions,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

// open opens a store and closes it at the end of the test, if the test has not.
func open(t *testing.T, opener Opener) kv.Store {
	t.Helper()
	s, err := opener()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func row(key, value string) kv.Row { return kv.Row{Key: []byte(key), Value: []byte(value)} }

// commit puts key, value pairs.
func commit(t *testing.T, s kv.Store, pairs ...string) {
	t.Helper()
	var b kv.Batch
	for i := 0; i < len(pairs); i += 2 {
		b.Puts = append(b.Puts, row(pairs[i], pairs[i+1]))
	}
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, s kv.Store, keys ...string) {
	t.Helper()
	var b kv.Batch
	for _, k := range keys {
		b.Deletes = append(b.Deletes, []byte(k))
	}
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s kv.Store, fn func(kv.Reader)) {
	t.Helper()
	if err := s.View(context.Background(), func(r kv.Reader) error { fn(r); return nil }); err != nil {
		t.Fatal(err)
	}
}

// get returns the value of key, or "-" when it is not there.
func get(t *testing.T, r kv.Reader, key string) string {
	t.Helper()
	v, err := r.Get([]byte(key))
	if errors.Is(err, kv.ErrNotFound) {
		return "-"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(v)
}

// scan returns the keys of a scan, each with its value behind an equals sign.
func scan(t *testing.T, r kv.Reader, prefix, from []byte, reverse bool) []string {
	t.Helper()
	var got []string
	for row, err := range r.Scan(prefix, from, reverse) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s=%s", row.Key, row.Value))
	}
	return got
}
