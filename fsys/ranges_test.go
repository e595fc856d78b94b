package fsys

import (
	"math"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// TestRanges does random things to a set and to a model of it, an array of flags.
func TestRanges(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	var set ranges
	var want [64]bool
	for step := range 20_000 {
		s := span{r.Int64N(64), r.Int64N(65)}
		fill := r.IntN(2) == 0
		if fill {
			set.add(s)
		} else {
			set.remove(s)
		}
		for i := s.off; i < s.end; i++ {
			want[i] = fill
		}
		if got := flags(set); got != want {
			t.Fatalf("step %d: %v", step, set)
		}
		probe := span{r.Int64N(64), r.Int64N(65)}
		n, whole := int64(0), true
		for i := probe.off; i < probe.end; i++ {
			if want[i] {
				n++
			} else {
				whole = false
			}
		}
		if set.within(probe).size() != n || set.covers(probe) != whole {
			t.Fatalf("step %d: within %v of %v is %v", step, probe, set, set.within(probe))
		}
	}
}

// flags returns the set as an array, and nothing when the spans are not sorted, disjoint and apart.
func flags(set ranges) (all [64]bool) {
	end := int64(-1)
	for _, s := range set {
		if s.off <= end || s.end <= s.off {
			return [64]bool{}
		}
		for i := s.off; i < s.end; i++ {
			all[i] = true
		}
		end = s.end
	}
	return all
}

func TestBuffer(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 4))
	for _, test := range []struct {
		name         string
		reach        int64
		wantInMemory bool
	}{
		{"in memory", maxBufferMemory, true},
		{"in a file", 8 * maxBufferMemory, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pool := &scratch{files: NewScratch(t.TempDir(), 1)}
			b := buffer{scratch: pool}
			const base = 5 << 30
			want := make([]byte, test.reach)
			for range 300 {
				p := make([]byte, r.Int64N(10_000))
				for i := range p {
					p[i] = byte(r.Uint32())
				}
				off := r.Int64N(test.reach - int64(len(p)))
				if err := b.writeAt(p, base+off); err != nil {
					t.Fatal(err)
				}
				copy(want[off:], p)
			}
			for _, reader := range []interface {
				ReadAt([]byte, int64) (int, error)
			}{&b, b.reader()} {
				got := make([]byte, len(want)+200)
				if _, err := reader.ReadAt(got, base-100); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got[100:100+len(want)], want) {
					t.Error("other bytes than were written")
				}
			}
			if inMemory := b.stored.file == nil; inMemory != test.wantInMemory {
				t.Errorf("in memory: %v", inMemory)
			}
			b.reset()
			if n := pool.used.Load(); n != 0 {
				t.Errorf("%d bytes counted after reset", n)
			}
		})
	}
}

// TestBufferLeavesRoom writes where nothing may be taken of the disk: what fits in memory is kept.
func TestBufferLeavesRoom(t *testing.T) {
	b := buffer{scratch: &scratch{files: NewScratch(t.TempDir(), 1), keep: math.MaxInt64}}
	if err := b.writeAt([]byte("small"), 0); err != nil {
		t.Fatal(err)
	}
	if err := b.writeAt([]byte("far away"), 2*maxBufferMemory); status(err) != fuse.Status(syscall.ENOSPC) {
		t.Errorf("%v, want ENOSPC", err)
	}
	got := make([]byte, 5)
	if _, err := b.ReadAt(got, 0); err != nil || string(got) != "small" {
		t.Errorf("%q, %v", got, err)
	}
	b.reset()
}
