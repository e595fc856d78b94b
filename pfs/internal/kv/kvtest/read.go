package kvtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs/internal/kv"
)

func testGetAndDelete(t *testing.T, opener Opener) {
	s := open(t, opener)
	view(t, s, func(r kv.Reader) {
		if got := get(t, r, "a"); got != "-" {
			t.Errorf("an empty store has a row: %q", got)
		}
	})
	commit(t, s, "a", "1", "b", "", "c", "3")
	remove(t, s, "c", "never was")
	if err := s.Commit(t.Context(), kv.Batch{Puts: []kv.Row{row("a", "2")}, Deletes: [][]byte{[]byte("b")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), kv.Batch{}); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
	commit(t, s, "empty", "")
	view(t, s, func(r kv.Reader) {
		for key, want := range map[string]string{"a": "2", "b": "-", "c": "-", "empty": "", "aa": "-"} {
			if got := get(t, r, key); got != want {
				t.Errorf("%s: got %q, want %q", key, got, want)
			}
		}
	})
}

func testScanEdges(t *testing.T, opener Opener) {
	s := open(t, opener)
	commit(t, s, "a", "", "b", "", "b\x00", "", "b\xff", "", "b\xff\xff\xff", "", "c", "", "\xff", "", "\xff\xff", "",
		"\xff\xff\x01", "")
	b := "b= b\x00= b\xff= b\xff\xff\xff="
	ff := "\xff= \xff\xff= \xff\xff\x01="
	all := "a= " + b + " c= " + ff
	for name, c := range map[string]struct {
		prefix, from string
		noFrom       bool
		up, down     string
	}{
		"everything":                {noFrom: true, up: all, down: all},
		"prefix":                    {prefix: "b", noFrom: true, up: b, down: b},
		"prefix that is a key":      {prefix: "b\xff", noFrom: true, up: "b\xff= b\xff\xff\xff=", down: "b\xff= b\xff\xff\xff="},
		"prefix of 0xff":            {prefix: "\xff", noFrom: true, up: ff, down: ff},
		"two 0xff":                  {prefix: "\xff\xff", noFrom: true, up: "\xff\xff= \xff\xff\x01=", down: "\xff\xff= \xff\xff\x01="},
		"nothing":                   {prefix: "bb", noFrom: true},
		"nothing, behind all":       {prefix: "\xff\xff\xff", noFrom: true},
		"nothing, before all":       {prefix: "A", noFrom: true},
		"from a key":                {prefix: "b", from: "b\x00", up: "b\x00= b\xff= b\xff\xff\xff=", down: "b= b\x00="},
		"from between":              {prefix: "b", from: "b\x01", up: "b\xff= b\xff\xff\xff=", down: "b= b\x00="},
		"from the prefix":           {prefix: "b", from: "b", up: b, down: "b="},
		"from before the prefix":    {prefix: "b", from: "a", up: b},
		"from behind the prefix":    {prefix: "b", from: "c", down: b},
		"from far behind":           {prefix: "b", from: "\xff\xff\xff\xff", down: b},
		"from, no prefix":           {from: "c", up: "c= \xff= \xff\xff= \xff\xff\x01=", down: "a= " + b + " c="},
		"from empty, but not nil":   {from: "", up: all},
		"from behind all":           {from: "\xff\xff\xff", down: all},
		"from empty, with a prefix": {prefix: "b", from: "", up: b},
	} {
		t.Run(name, func(t *testing.T) {
			from := []byte(c.from)
			if c.noFrom {
				from = nil
			}
			view(t, s, func(r kv.Reader) {
				expect(t, "up", scan(t, r, []byte(c.prefix), from, false), c.up)
				down := scan(t, r, []byte(c.prefix), from, true)
				slices.Reverse(down)
				expect(t, "down", down, c.down)
			})
		})
	}
}

func expect(t *testing.T, what string, got []string, want string) {
	t.Helper()
	if joined := strings.Join(got, " "); joined != want {
		t.Errorf("%s: got %q, want %q", what, joined, want)
	}
}

// testScanModel compares scans of random rows with those of a sorted slice.
func testScanModel(t *testing.T, opener Opener) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, seed))
	s := open(t, opener)
	letters := []byte{0, 1, 'a', 0xfe, 0xff}
	random := func() []byte {
		key := make([]byte, 1+rng.IntN(5))
		for i := range key {
			key[i] = letters[rng.IntN(len(letters))]
		}
		return key
	}
	model := map[string]string{}
	for i := range 30 {
		var b kv.Batch
		touched := map[string]bool{}
		for range 20 {
			key := random()
			switch {
			case touched[string(key)]:
			case rng.IntN(3) == 0:
				b.Deletes = append(b.Deletes, key)
				delete(model, string(key))
			default:
				b.Puts = append(b.Puts, kv.Row{Key: key, Value: fmt.Append(nil, i)})
				model[string(key)] = fmt.Sprint(i)
			}
			touched[string(key)] = true
		}
		if err := s.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	view(t, s, func(r kv.Reader) {
		for range 500 {
			prefix, from, reverse := random()[1:], random()[1:], rng.IntN(2) == 0
			if rng.IntN(3) == 0 {
				from = nil
			}
			got, want := scan(t, r, prefix, from, reverse), modelScan(model, prefix, from, reverse)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: Scan(%q, %q, %v) = %q, want %q", seed, prefix, from, reverse, got, want)
			}
		}
	})
}

func modelScan(model map[string]string, prefix, from []byte, reverse bool) []string {
	var keys []string
	for k := range model {
		c := strings.Compare(k, string(from))
		if strings.HasPrefix(k, string(prefix)) && (from == nil || c == 0 || c > 0 != reverse) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	if reverse {
		slices.Reverse(keys)
	}
	var rows []string
	for _, k := range keys {
		rows = append(rows, k+"="+model[k])
	}
	return rows
}

func testScanStops(t *testing.T, opener Opener) {
	s := open(t, opener)
	for i := range 100 {
		commit(t, s, fmt.Sprintf("k%02d", i), "v")
	}
	for _, reverse := range []bool{false, true} {
		view(t, s, func(r kv.Reader) {
			n := 0
			for range r.Scan([]byte("k"), nil, reverse) {
				if n++; n == 3 {
					break
				}
			}
			if n != 3 {
				t.Errorf("%d rows before the break", n)
			}
			seq := r.Scan([]byte("k9"), nil, reverse)
			for range 2 {
				n := 0
				for range seq {
					n++
				}
				if n != 10 {
					t.Errorf("a sequence that is ranged over again yields %d rows", n)
				}
			}
		})
	}
}

func testNestedScans(t *testing.T, opener Opener) {
	s := open(t, opener)
	commit(t, s, "a1", "b1", "a2", "b2", "b1", "x", "b2", "y")
	view(t, s, func(r kv.Reader) {
		var got []string
		for outer, err := range r.Scan([]byte("a"), nil, false) {
			if err != nil {
				t.Fatal(err)
			}
			for inner, err := range r.Scan(outer.Value, nil, true) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(outer.Key)+string(inner.Value)+get(t, r, string(outer.Value)))
			}
		}
		expect(t, "nested", got, "a1xx a2yy")
	})
}

func testDeleteWhileScan(t *testing.T, opener Opener) {
	s := open(t, opener)
	for i := range 50 {
		commit(t, s, fmt.Sprintf("k%02d", i), "v")
	}
	view(t, s, func(r kv.Reader) {
		n := 0
		for row, err := range r.Scan(nil, nil, n%2 == 1) {
			if err != nil {
				t.Fatal(err)
			}
			remove(t, s, string(row.Key), fmt.Sprintf("k%02d", 49-n))
			if !bytes.Equal(row.Value, []byte("v")) {
				t.Errorf("row %q has value %q", row.Key, row.Value)
			}
			n++
		}
		if n != 50 {
			t.Errorf("%d of 50 rows were seen", n)
		}
	})
	view(t, s, func(r kv.Reader) { expect(t, "afterwards", scan(t, r, nil, nil, false), "") })
}
