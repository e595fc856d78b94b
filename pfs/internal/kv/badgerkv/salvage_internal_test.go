package badgerkv

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs/internal/kv"
)

// writeRows makes a store in dir, or adds to it, rows that are all in one new table when it is closed.
func writeRows(t *testing.T, dir string, batch kv.Batch) {
	t.Helper()
	s, err := Open(t.Context(), dir, Options{})
	if err == nil {
		err = errors.Join(s.Commit(t.Context(), batch), s.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func someRows(prefix string, n int) (b kv.Batch) {
	for i := range n {
		b.Puts = append(b.Puts, kv.Row{Key: fmt.Appendf(nil, "%s%04d", prefix, i), Value: bytes.Repeat(fmt.Appendf(nil, "<%s%04d>", prefix, i), 40)})
	}
	return b
}

// salvageDir salvages what is in dir, and returns the rows that are there afterwards.
func salvageDir(t *testing.T, dir string) (Salvaged, map[string]string) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "kv")
	found, err := Salvage(t.Context(), dir, to, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), to, Options{Readable: [][]byte{{}}})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	err = s.View(t.Context(), func(r kv.Reader) error {
		for row, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			rows[string(row.Key)] = string(row.Value)
		}
		return nil
	})
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return found, rows
}

// alterTable replaces the bytes of the only table in dir, or the newest.
func alterTable(t *testing.T, dir string, alter func(data []byte) []byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(names) == 0 {
		t.Fatal("no table", err)
	}
	name := names[len(names)-1]
	data, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, alter(data), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func flip(at int) func([]byte) []byte {
	return func(data []byte) []byte {
		if at < 0 {
			at += len(data)
		}
		data[at] ^= 4
		return data
	}
}

// TestSalvageRegions damages a table in each of its regions: all rows of the blocks that are whole are there afterwards, and it is
// known how many are not, and where.
func TestSalvageRegions(t *testing.T) {
	dir := t.TempDir()
	batch := someRows("r", 300)
	writeRows(t, dir, batch)
	var blocks []span
	var index int
	perBlock := []int{}
	alterTable(t, dir, func(data []byte) []byte {
		x, _ := readIndex(data)
		blocks, index = x.blocks, x.blocks[len(x.blocks)-1].end
		for _, b := range blocks {
			rows, err := readBlock(data[b.start:b.end])
			if err != nil {
				t.Fatal(err)
			}
			perBlock = append(perBlock, len(rows))
		}
		return data
	})
	last, middle := len(blocks)-1, len(blocks)/2
	both := func(alters ...func([]byte) []byte) func([]byte) []byte {
		return func(data []byte) []byte {
			for _, alter := range alters {
				data = alter(data)
			}
			return data
		}
	}
	inMiddle, inIndex := flip(blocks[middle].start+50), flip(-100)
	for _, c := range []struct {
		name  string
		alter func([]byte) []byte
		// lost are the blocks that are lost.
		lost      []int
		uncounted bool
	}{
		{name: "nothing", alter: func(data []byte) []byte { return data }},
		{name: "first block", alter: flip(3), lost: []int{0}},
		{name: "middle block", alter: inMiddle, lost: []int{middle}},
		{name: "last block", alter: flip(blocks[last].start + 9), lost: []int{last}},
		{name: "index", alter: flip(index + 40)},
		{name: "index, first byte", alter: flip(index)},
		{name: "100 bytes before the end", alter: inIndex},
		{name: "length of the index", alter: flip(-4 - 6 - 2)},
		{name: "checksum of the index", alter: flip(-8)},
		{name: "length of the checksum", alter: flip(-1)},
		{name: "high byte of that", alter: flip(-4)},
		{name: "cut by one byte", alter: func(data []byte) []byte { return data[:len(data)-1] }},
		{name: "one byte more", alter: func(data []byte) []byte { return append(data, 0) }},
		{name: "index and middle block", alter: both(inMiddle, inIndex), lost: []int{middle}},
		{name: "index and two blocks", alter: both(flip(blocks[1].end-1), inMiddle, inIndex), lost: []int{1, middle}},
		{name: "index and first block", alter: both(flip(0), inIndex), lost: []int{0}},
		{name: "index and last block", alter: both(flip(blocks[last].end-2), flip(-8)), lost: []int{last}},
		{name: "a page of zeros", alter: func(data []byte) []byte {
			clear(data[blocks[middle].start+100 : blocks[middle].start+100+4096])
			return data
		}, lost: []int{middle, middle + 1}},
		{name: "the last page zeros", alter: func(data []byte) []byte {
			clear(data[index:])
			return data
		}, uncounted: true},
		{name: "cut in the middle", alter: func(data []byte) []byte { return data[:blocks[middle].start+200] },
			lost: blocksFrom(middle, last), uncounted: true},
		{name: "cut to nothing", alter: func([]byte) []byte { return nil }, lost: blocksFrom(0, last), uncounted: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			hurt := t.TempDir()
			if err := os.CopyFS(hurt, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			alterTable(t, hurt, c.alter)
			found, rows := salvageDir(t, hurt)
			at, lost := 0, 0
			for i, n := range perBlock {
				for _, row := range batch.Puts[at : at+n] {
					got, there := rows[string(row.Key)]
					gone := slices.Contains(c.lost, i)
					if there == gone || there && got != string(row.Value) {
						t.Errorf("row %s is there: %t", row.Key, there)
					}
					if gone {
						lost++
						if !covers(found.Lost, row.Key) {
							t.Errorf("row %s is lost, and no loss has it: %+v", row.Key, found.Lost)
						}
					}
				}
				at += n
			}
			switch {
			case (found.Uncounted > 0) != c.uncounted || !c.uncounted && found.LostRows != int64(lost):
				t.Errorf("lost %d rows, in blocks %v: %+v", lost, c.lost, found)
			case len(c.lost) == 0 && !c.uncounted && len(found.Lost) > 0:
				t.Errorf("nothing is lost: %+v", found.Lost)
			case covers(found.Lost, batch.Puts[0].Key) != slices.Contains(c.lost, 0):
				t.Errorf("the first row: %+v", found.Lost)
			}
		})
	}
}

func blocksFrom(first, last int) (all []int) {
	for i := first; i <= last; i++ {
		all = append(all, i)
	}
	return all
}

// covers reports whether a key may be that of a row that is lost.
func covers(lost []Loss, key []byte) bool {
	return slices.ContainsFunc(lost, func(l Loss) bool {
		return bytes.Compare(l.First, key) <= 0 && (l.Last == nil || bytes.Compare(key, l.Last) <= 0)
	})
}

// TestSalvageVersions damages, of two tables, the one with the newer versions of rows and with deletions. The older ones come
// back, and the loss covers them.
func TestSalvageVersions(t *testing.T) {
	dir := t.TempDir()
	old := someRows("a", 20)
	writeRows(t, dir, old)
	newer := kv.Batch{Deletes: [][]byte{old.Puts[3].Key}}
	for _, row := range old.Puts[5:] {
		newer.Puts = append(newer.Puts, kv.Row{Key: row.Key, Value: bytes.Repeat([]byte("newer"), 500)})
	}
	writeRows(t, dir, newer)
	found, rows := salvageDir(t, dir)
	if _, there := rows["a0003"]; there || len(found.Lost) > 0 || !strings.HasPrefix(rows["a0019"], "newer") {
		t.Errorf("of whole tables: %+v", found)
	}
	alterTable(t, dir, flip(5))
	found, rows = salvageDir(t, dir)
	if got := rows["a0003"]; got != string(old.Puts[3].Value) || !covers(found.Lost, []byte("a0003")) {
		t.Errorf("a row whose deletion is lost: %.10q; %+v", got, found.Lost)
	}
	if got := rows["a0005"]; got != string(old.Puts[5].Value) || !covers(found.Lost, []byte("a0005")) {
		t.Errorf("a row whose newer version is lost: %.10q; %+v", got, found.Lost)
	}
	if covers(found.Lost, []byte("a0019")) || !strings.HasPrefix(rows["a0019"], "newer") {
		t.Errorf("a row of another block: %.10q; %+v", rows["a0019"], found.Lost)
	}
}

// TestSalvageMissingTable loses one of two tables as a whole: that is a loss of which nothing else is known.
func TestSalvageMissingTable(t *testing.T) {
	dir := t.TempDir()
	writeRows(t, dir, someRows("a", 20))
	writeRows(t, dir, someRows("b", 20))
	names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(names) != 2 {
		t.Fatal(names, err)
	}
	if err := os.Remove(names[1]); err != nil {
		t.Fatal(err)
	}
	found, rows := salvageDir(t, dir)
	if len(rows) != 20 || len(found.Lost) != 1 || found.Uncounted != 1 || found.Lost[0].File != filepath.Base(names[1]) {
		t.Errorf("%d rows, %+v", len(rows), found)
	}
}
