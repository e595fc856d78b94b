package tree_test

import (
	"errors"
	"fmt"
	"testing"

	"lukechampine.com/blake3"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// check runs a Checker over a root and returns what it reports, and how many entries it visited.
func check(t testing.TB, r *rows, root schema.Hash, totals schema.Totals) (reports []error, visits int) {
	t.Helper()
	c := tree.NewChecker(tree.New(r, 1<<20))
	err := c.Check(t.Context(), root, totals,
		func(string, *schema.Entry) { visits++ }, func(err error) { reports = append(reports, err) })
	if err != nil {
		t.Fatal(err)
	}
	return reports, visits
}

// nested returns a directory with three directories, and as many files in each of them.
func nested(t testing.TB, s *tree.Store, files int) *tree.Dir {
	d := s.Empty()
	for i := range 3 {
		var puts []tree.Entry
		for j := range files {
			puts = append(puts, file(fmt.Sprintf("file-%d", j), i*files+j))
		}
		sub := tree.Entry{Sub: with(t, s.Empty(), puts)}
		sub.Name, sub.Kind = fmt.Sprintf("dir-%d", i), schema.KindDir
		d = with(t, d, []tree.Entry{sub})
	}
	return d
}

func TestCheckGood(t *testing.T) {
	r := newRows()
	s := tree.New(r, 1<<20)
	d := nested(t, s, 1000)
	for i := range 50 {
		r.commit(t, s, d)
		sub, _, err := d.Get(t.Context(), fmt.Sprintf("dir-%d", i%3))
		if err != nil {
			t.Fatal(err)
		}
		sub.Sub = with(t, sub.Sub, []tree.Entry{file(fmt.Sprintf("file-%d", i*37), i)}, fmt.Sprintf("file-%d", i))
		d = with(t, d, []tree.Entry{sub})
	}
	root := r.commit(t, s, d)[0]
	reports, visits := check(t, r, root, d.Totals())
	if len(reports) > 0 || visits != int(d.Totals().Files+d.Totals().Dirs) {
		t.Fatalf("%d visits for %+v, reports %v", visits, d.Totals(), reports)
	}
	totals := d.Totals()
	totals.Bytes++
	if reports, _ := check(t, r, root, totals); len(reports) != 1 || !errors.Is(reports[0], tree.ErrCorrupt) {
		t.Fatalf("wrong totals give %v", reports)
	}
}

// TestCheckMemo checks two versions with one Checker: the second costs what it does not share.
func TestCheckMemo(t *testing.T) {
	r := newRows()
	s := tree.New(r, 1<<20)
	d := nested(t, s, 1000)
	first := r.commit(t, s, d)[0]
	e := with(t, d, []tree.Entry{file("one-more", 1)})
	second := r.commit(t, s, e)[0]
	c := tree.NewChecker(s)
	visits := 0
	for _, v := range []struct {
		root   schema.Hash
		totals schema.Totals
		want   int
	}{{first, d.Totals(), 3003}, {second, e.Totals(), 4}, {first, d.Totals(), 0}} {
		visits = 0
		err := c.Check(t.Context(), v.root, v.totals, func(string, *schema.Entry) { visits++ }, func(err error) { t.Error(err) })
		if err != nil || visits != v.want {
			t.Errorf("%d visits, want %d, %v", visits, v.want, err)
		}
	}
}

// TestDamagedRows damages every row in turn, in some way: it is noticed by Check, and no read gives wrong entries.
func TestDamagedRows(t *testing.T) {
	r := newRows()
	s := tree.New(r, 1<<28)
	d := nested(t, s, 300)
	r.commit(t, s, d)
	sub, _, err := d.Get(t.Context(), "dir-1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		sub.Sub = with(t, sub.Sub, []tree.Entry{file(fmt.Sprintf("file-%d", i*100), i+9)})
		d = with(t, d, []tree.Entry{sub})
		r.commit(t, s, d)
	}
	root, _ := d.Root()
	harmless := 0
	for key, row := range r.rows {
		for _, damage := range []struct {
			name string
			row  []byte
		}{
			{"missing", nil},
			{"empty", []byte{}},
			{"cut", row[:len(row)/2]},
			{"flipped", append(append([]byte{}, row[:len(row)-3]...), row[len(row)-3]^1, row[len(row)-2], row[len(row)-1])},
			{"longer", append(row[:len(row):len(row)], 0)},
		} {
			r.rows[key] = damage.row
			if damage.row == nil {
				delete(r.rows, key)
			}
			reports, visits := check(t, r, root, d.Totals())
			if len(reports) == 0 && visits == int(d.Totals().Files+d.Totals().Dirs) {
				harmless++
			}
			for _, err := range reports {
				if !errors.Is(err, tree.ErrCorrupt) {
					t.Errorf("%s: %v", damage.name, err)
				}
			}
			readAll(t, tree.New(r, 1<<20).Load(root, d.Totals()), d)
		}
		r.rows[key] = row
	}
	// Rows of earlier versions, which nothing in the last goes back to.
	if most := 5 * len(r.rows) / 2; harmless > most {
		t.Errorf("%d of %d damages are harmless", harmless, 5*len(r.rows))
	}
}

// readAll reads d, which may end in an error but must have want's entries up to there.
func readAll(t *testing.T, d, want *tree.Dir) {
	t.Helper()
	entries := list(t, want, "")
	i := 0
	for e, err := range d.All(t.Context(), "") {
		if err != nil {
			if !errors.Is(err, tree.ErrCorrupt) {
				t.Error(err)
			}
			return
		}
		if !e.Entry.Equal(&entries[i].Entry) {
			t.Fatalf("read %+v, want %+v", e.Entry, entries[i].Entry)
		}
		if e.Sub != nil {
			readAll(t, e.Sub, entries[i].Sub)
		}
		i++
	}
}

// TestCheckForged gives the Checker nodes that are what their hash says, but not what the rules want.
func TestCheckForged(t *testing.T) {
	entries := func(from, n int) []*schema.Entry {
		var all []*schema.Entry
		for i := range n {
			e := file(fmt.Sprintf("file-%04d", from+i), from+i).Entry
			all = append(all, &e)
		}
		return all
	}
	end := firstEnd(t, entries(0, 500))
	dir := entries(0, 1)[0]
	dir.Kind, dir.Content = schema.KindDir, schema.Content{}
	wrongTotals := *dir
	wrongTotals.Totals.Files = 1
	inner := func(r *rows, change func(*schema.Node), leaves ...*schema.Node) *schema.Node {
		n := &schema.Node{Level: 1}
		for _, leaf := range leaves {
			sum := schema.Totals{}
			for _, e := range leaf.Entries {
				sum = sum.Add(schema.Totals{Files: 1, Bytes: uint64(e.Content.Size)})
			}
			n.Children = append(n.Children, schema.Child{
				Key: leaf.Entries[len(leaf.Entries)-1].SortKey(), Hash: forge(r, leaf), Count: uint64(len(leaf.Entries)), Totals: sum,
			})
		}
		change(n)
		return n
	}
	leaf := func(from, n int) *schema.Node { return &schema.Node{Entries: entries(from, n)} }
	same := func(*schema.Node) {}
	// Two things are wrong with a name that stands for two, once from either side, and three where the level is.
	want := map[string]int{"file and directory": 2, "wrong level": 3}
	for name, n := range map[string]func(r *rows) *schema.Node{
		"node too long":      func(*rows) *schema.Node { return leaf(0, end+1) },
		"node too short":     func(r *rows) *schema.Node { return inner(r, same, leaf(0, 5), leaf(5, 5)) },
		"needless top":       func(r *rows) *schema.Node { return inner(r, same, leaf(0, 5)) },
		"nodes overlap":      func(r *rows) *schema.Node { return inner(r, same, leaf(0, end), leaf(3, 5)) },
		"file and directory": func(*rows) *schema.Node { return &schema.Node{Entries: append(entries(0, 1), dir)} },
		"totals of nothing":  func(*rows) *schema.Node { return &schema.Node{Entries: []*schema.Entry{&wrongTotals}} },
		"wrong count": func(r *rows) *schema.Node {
			return inner(r, func(n *schema.Node) { n.Children[0].Count++ }, leaf(0, end), leaf(end, 5))
		},
		"wrong key": func(r *rows) *schema.Node {
			return inner(r, func(n *schema.Node) { n.Children[0].Key += "x" }, leaf(0, end), leaf(end, 5))
		},
		"wrong level": func(r *rows) *schema.Node {
			return inner(r, func(n *schema.Node) { n.Level = 2 }, leaf(0, end), leaf(end, 5))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRows()
			root := forge(r, n(r))
			var totals schema.Totals
			for e, err := range tree.New(r, 1<<20).Load(root, totals).All(t.Context(), "") {
				switch {
				case err != nil:
				case e.IsDir():
					totals = totals.Add(e.Totals).Add(schema.Totals{Dirs: 1})
				default:
					totals = totals.Add(schema.Totals{Files: 1, Bytes: uint64(e.Size())})
				}
			}
			if reports, _ := check(t, r, root, totals); len(reports) != max(1, want[name]) || !errors.Is(reports[0], tree.ErrCorrupt) {
				t.Errorf("reports %v", reports)
			}
		})
	}
}

// firstEnd returns how many of the entries are in the first leaf of a directory of them.
func firstEnd(t *testing.T, entries []*schema.Entry) int {
	t.Helper()
	r := newRows()
	s := tree.New(r, 1<<20)
	var puts []tree.Entry
	for _, e := range entries {
		puts = append(puts, tree.Entry{Entry: *e})
	}
	root := r.commit(t, s, with(t, s.Empty(), puts))[0]
	row, err := schema.DecodeNodeRow(r.rows[string(schema.NodeKey(root))])
	if err != nil {
		t.Fatal(err)
	}
	top, err := schema.DecodeNode(row.Body)
	if err != nil || top.Level != 1 {
		t.Fatalf("top of level %d, %v", top.Level, err)
	}
	return int(top.Children[0].Count)
}

// forge puts the row of n in.
func forge(r *rows, n *schema.Node) schema.Hash {
	b := schema.AppendNode(nil, n)
	h := schema.Hash(blake3.Sum256(b))
	r.rows[string(schema.NodeKey(h))] = schema.AppendNodeRow(nil, &schema.NodeRow{Body: b})
	return h
}
