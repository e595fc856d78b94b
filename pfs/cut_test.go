package pfs_test

import (
	"runtime"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/pfstest"
)

// TestCutsByItself moves the clock: what was applied is in a commit then, even if the first attempt fails, and even if the
// clock was set back.
func TestCutsByItself(t *testing.T) {
	for name, tt := range map[string]struct {
		move time.Duration
		fail bool
	}{
		"in time":               {move: time.Second},
		"after a full disk":     {move: time.Second, fail: true},
		"with a clock set back": {move: -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			rows := memkv.New()
			packs, err := pack.Open(pack.NewMemory(nil), pack.Options{})
			if err != nil {
				t.Fatal(err)
			}
			clock := pfstest.NewClock()
			opts := pfstest.Options(t)
			opts.Now, opts.Log, opts.CutAfter = clock.Now, nil, 20*time.Millisecond
			s, err := pfs.OpenOn(ctx, rows, packs, opts)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.CreateRepo(ctx, "images", pfs.Owner{}, byCLI); err != nil {
				t.Fatal(err)
			}
			c := ingest(t, s, "x")
			if tt.fail {
				rows.Fail(1, kv.ErrNoSpace)
			}
			err = s.Apply(ctx, master, byMount, func(tx *pfs.Tx) error { return tx.PutFile("f", c, nil, 0) })
			if err != nil {
				t.Fatal(err)
			}
			for clock.Add(tt.move); read(t, s, at(t, master, "HEAD"), "f") != "x"; runtime.Gosched() {
				if tt.fail {
					clock.Add(opts.CutAfter / 10)
				}
			}
			if n := rows.Planned(); n != 0 {
				t.Errorf("%d failures did not happen", n)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
