package kvtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"pfsd/pfs/internal/kv"
)

func testIsolation(t *testing.T, opener Opener) {
	s := open(t, opener)
	commit(t, s, "a", "1", "b", "1")
	view(t, s, func(old kv.Reader) {
		commit(t, s, "a", "2", "c", "2")
		remove(t, s, "b")
		if err := s.Put(t.Context(), []kv.Row{row("d", "2")}); err != nil {
			t.Fatal(err)
		}
		expect(t, "old view", scan(t, old, nil, nil, false), "a=1 b=1")
		if got := get(t, old, "a") + get(t, old, "b") + get(t, old, "c"); got != "11-" {
			t.Errorf("old view: got %q", got)
		}
		view(t, s, func(r kv.Reader) { expect(t, "new view", scan(t, r, nil, nil, false), "a=2 c=2 d=2") })
	})
}

// testNothingTorn commits numbered batches of many rows from one goroutine while others commit and put elsewhere, and
// looks for a view in which the rows of a batch differ, or which is older than what had returned.
func testNothingTorn(t *testing.T, opener Opener) {
	const rounds, width = 60, 40
	s := open(t, opener)
	number := func(n uint64) (b kv.Batch) {
		for i := range width {
			b.Puts = append(b.Puts, kv.Row{Key: fmt.Appendf(nil, "n%03d", i), Value: binary.BigEndian.AppendUint64(nil, n)})
		}
		return b
	}
	if err := s.Commit(t.Context(), number(0)); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var writers, others sync.WaitGroup
	for g := range 3 {
		others.Go(func() { noise(t, s, g, stop) })
	}
	for range 2 {
		others.Go(func() {
			for last := uint64(0); last < rounds; {
				now, ok := readNumber(t, s, width)
				if !ok || now < last {
					t.Errorf("number %d was seen after %d", now, last)
					return
				}
				last = now
			}
		})
	}
	writers.Go(func() {
		for n := uint64(1); n <= rounds; n++ {
			if err := s.Commit(t.Context(), number(n)); err != nil {
				t.Error(err)
			}
			if now, _ := readNumber(t, s, width); now != n {
				t.Errorf("number %d had returned, %d is seen", n, now)
			}
		}
	})
	writers.Wait()
	close(stop)
	others.Wait()
}

// readNumber returns the number that all rows of a view have.
func readNumber(t *testing.T, s kv.Store, width int) (n uint64, ok bool) {
	view(t, s, func(r kv.Reader) {
		rows := 0
		for row, err := range r.Scan([]byte("n"), nil, false) {
			if err != nil {
				t.Error(err)
				return
			}
			v := binary.BigEndian.Uint64(row.Value)
			if rows > 0 && v != n {
				t.Errorf("a view has both %d and %d", n, v)
			}
			n, rows = v, rows+1
		}
		ok = rows == width
	})
	return n, ok
}

// noise commits and puts rows of its own until stop is closed.
func noise(t *testing.T, s kv.Store, g int, stop <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		key, value := fmt.Sprintf("x%d/%d", g, i%50), fmt.Sprint(i)
		err := s.Commit(context.Background(), kv.Batch{Puts: []kv.Row{row(key, value)}})
		if i%2 == 1 {
			err = errors.Join(err, s.Put(context.Background(), []kv.Row{row("hash"+key, "same")}))
		}
		if err != nil {
			t.Error(err)
			return
		}
		view(t, s, func(r kv.Reader) {
			if got := get(t, r, key); got != value {
				t.Errorf("%s: %s was committed, %s is read", key, value, got)
			}
		})
	}
}

func testReadYourCommit(t *testing.T, opener Opener) {
	s := open(t, opener)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			key := fmt.Sprint("key", g)
			for i := range 20 {
				commit(t, s, key, fmt.Sprint(i))
				view(t, s, func(r kv.Reader) {
					if got := get(t, r, key); got != fmt.Sprint(i) {
						t.Errorf("%s: got %s, want %d", key, got, i)
					}
				})
			}
		})
	}
	wg.Wait()
}

func testLimits(t *testing.T, opener Opener) {
	s := open(t, opener)
	long, big := make([]byte, kv.MaxKey), make([]byte, kv.MaxValue)
	long[0] = 'k'
	over := append(bytes.Clone(long), 0)
	batch := func(n int) (b kv.Batch) {
		for i := range n {
			b.Puts = append(b.Puts, kv.Row{Key: fmt.Appendf(nil, "big%d", i), Value: big})
		}
		return b
	}
	many := func(n int) (b kv.Batch) {
		for i := range n {
			b.Puts = append(b.Puts, kv.Row{Key: binary.BigEndian.AppendUint32(nil, uint32(i))})
		}
		return b
	}
	for name, c := range map[string]struct {
		batch kv.Batch
		ok    bool
	}{
		"largest row":   {kv.Batch{Puts: []kv.Row{{Key: long, Value: big}}}, true},
		"largest batch": {kv.Batch{Puts: append(batch(5).Puts, kv.Row{Key: []byte("rest"), Value: big[:kv.MaxValue-24]})}, true},
		"most rows":     {many(kv.MaxCommitRows), true},
		"long key":      {kv.Batch{Puts: []kv.Row{{Key: over}, row("fine", "")}}, false},
		"empty key":     {kv.Batch{Puts: []kv.Row{row("fine", ""), {}}}, false},
		"large value":   {kv.Batch{Puts: []kv.Row{row("fine", ""), {Key: []byte("v"), Value: append(big, 0)}}}, false},
		"large batch":   {kv.Batch{Puts: append(batch(6).Puts, row("fine", ""))}, false},
		"too many":      {kv.Batch{Puts: many(kv.MaxCommitRows).Puts, Deletes: [][]byte{[]byte("one more")}}, false},
		"deleted key":   {kv.Batch{Puts: []kv.Row{row("fine", "")}, Deletes: [][]byte{over}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Commit(t.Context(), c.batch)
			if c.ok && err != nil || !c.ok && !errors.Is(err, kv.ErrInvalid) {
				t.Errorf("Commit: %v", err)
			}
			view(t, s, func(r kv.Reader) {
				if get(t, r, "fine") != "-" {
					t.Error("a part of the batch was written")
				}
				if c.ok {
					checkRows(t, r, c.batch.Puts)
				}
			})
		})
	}
	if err := s.Put(t.Context(), []kv.Row{{Key: over}}); !errors.Is(err, kv.ErrInvalid) {
		t.Errorf("Put of a long key: %v", err)
	}
}

// checkRows looks for all rows in r.
func checkRows(t *testing.T, r kv.Reader, rows []kv.Row) {
	t.Helper()
	for _, want := range rows {
		got, err := r.Get(want.Key)
		if err != nil || !bytes.Equal(got, want.Value) {
			t.Fatalf("row %.20q: %d bytes, %v", want.Key, len(got), err)
		}
	}
}

// testLargePut puts more than any transaction can hold, as few large and as many small rows.
func testLargePut(t *testing.T, opener Opener) {
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, seed))
	s := open(t, opener)
	var rows []kv.Row
	add := func(n, size int) {
		for range n {
			key, value := make([]byte, 32), make([]byte, size)
			for i := range key {
				key[i] = byte(rng.Uint32())
			}
			binary.BigEndian.PutUint64(value, rng.Uint64())
			rows = append(rows, kv.Row{Key: key, Value: value})
		}
	}
	add(12, kv.MaxValue)
	add(2*kv.MaxCommitRows, 20)
	for range 2 {
		if err := s.Put(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context(), nil); err != nil {
		t.Errorf("of nothing: %v", err)
	}
	view(t, s, func(r kv.Reader) { checkRows(t, r, rows) })
}

func testSlicesNotKept(t *testing.T, opener Opener) {
	s := open(t, opener)
	key, value, gone := []byte("key1"), []byte("value"), []byte("gone")
	commit(t, s, "gone", "x")
	if err := s.Commit(t.Context(), kv.Batch{Puts: []kv.Row{{Key: key, Value: value}}, Deletes: [][]byte{gone}}); err != nil {
		t.Fatal(err)
	}
	copy(key, "XXXX")
	copy(gone, "XXXX")
	copy(value, "XXXXX")
	rows := []kv.Row{row("key2", "value")}
	if err := s.Put(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	copy(rows[0].Key, "XXXX")
	copy(rows[0].Value, "XXXXX")
	view(t, s, func(r kv.Reader) {
		first, err := r.Get([]byte("key1"))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "rows", scan(t, r, nil, nil, false), "key1=value key2=value")
		for range r.Scan(nil, nil, true) {
			_ = get(t, r, "key2")
		}
		if string(first) != "value" {
			t.Errorf("a slice changed during the View: %q", first)
		}
	})
}

// testManyVersions writes few keys often, so that an implementation that keeps versions drops some while an old view runs.
func testManyVersions(t *testing.T, opener Opener) {
	s := open(t, opener)
	value := bytes.Repeat([]byte("v"), 200<<10)
	commit(t, s, "first", "1", "k", "old")
	view(t, s, func(old kv.Reader) {
		for i := range 200 {
			b := kv.Batch{Puts: []kv.Row{{Key: []byte("k"), Value: fmt.Appendf(bytes.Clone(value), "%d", i)}}}
			if err := s.Commit(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		if got := get(t, old, "k"); got != "old" {
			t.Errorf("the old view has a value of %d bytes", len(got))
		}
	})
	view(t, s, func(r kv.Reader) {
		if got := get(t, r, "k"); got != string(value)+"199" {
			t.Errorf("the last value ends in %q", got[max(0, len(got)-5):])
		}
	})
}
