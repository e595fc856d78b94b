package tree_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// model is a directory as a map, and the Dir that must be like it.
type model struct {
	rows  *rows
	store *tree.Store
	dir   *tree.Dir
	want  map[string]schema.Entry
	// before is an earlier state, which must not change.
	before     *tree.Dir
	beforeWant map[string]schema.Entry
}

func (m *model) sorted(want map[string]schema.Entry) []schema.Entry {
	all := make([]schema.Entry, 0, len(want))
	for _, e := range want {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b schema.Entry) int { return strings.Compare(a.SortKey(), b.SortKey()) })
	return all
}

func (m *model) put(t *rapid.T) {
	n := rapid.SampledFrom([]int{1, 1, 3, 40, 200}).Draw(t, "puts")
	var puts []tree.Entry
	var removes []string
	after := make(map[string]schema.Entry, len(m.want)+n)
	for name, e := range m.want {
		after[name] = e
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 50, 200}).Draw(t, "removes") {
		name := drawName(t)
		removes = append(removes, name)
		delete(after, name)
	}
	for range n {
		e := file(drawName(t), rapid.IntRange(0, 1<<20).Draw(t, "n"))
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			e.Kind, e.Content = schema.KindDir, schema.Content{}
		case 1:
			e.Kind, e.Content, e.Target = schema.KindSymlink, schema.Content{}, strings.Repeat("x", n)
		case 2:
			e.Kind, e.Content, e.Link = schema.KindLink, schema.Content{}, schema.ID{1, 2, byte(n)}
		}
		puts = append(puts, e)
		after[e.Name] = e.Entry
	}
	next, err := m.dir.With(t.Context(), puts, removes)
	if err != nil {
		t.Fatal(err)
	}
	m.before, m.beforeWant = m.dir, m.want
	m.dir, m.want = next, after
}

func drawName(t *rapid.T) string {
	return fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"a", "b!", "b", "b0", "zeta-"}).Draw(t, "prefix"),
		rapid.IntRange(0, 400).Draw(t, "number"))
}

func (m *model) save(t *rapid.T) {
	roots := make([]schema.Hash, 0, 1)
	saved, err := m.store.Save(t.Context(), m.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range saved.Rows {
		if _, ok := m.rows.rows[string(row.Key)]; ok {
			t.Fatalf("row %x is written twice", row.Key)
		}
		m.rows.rows[string(row.Key)] = row.Value
	}
	roots = append(roots, saved.Roots...)
	saved.Commit()
	if root, ok := m.dir.Root(); !ok || root != roots[0] {
		t.Fatalf("saved as %s, root is %s, %v", roots[0], root, ok)
	}
	if rapid.Bool().Draw(t, "reload") {
		m.store = tree.New(m.rows, 1<<16)
		m.dir = m.store.Load(roots[0], m.dir.Totals())
		m.before, m.beforeWant = nil, nil
	}
}

// check compares everything that can be read with the model.
func (m *model) check(t *rapid.T) {
	compare(t, m.dir, m.sorted(m.want))
	if m.before == nil || !rapid.Bool().Draw(t, "compare with before") {
		return
	}
	compare(t, m.before, m.sorted(m.beforeWant))
	m.checkDiff(t)
}

func compare(t *rapid.T, d *tree.Dir, want []schema.Entry) {
	i := 0
	var totals schema.Totals
	for e, err := range d.All(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if i >= len(want) || !e.Entry.Equal(&want[i]) {
			t.Fatalf("entry %d is %+v", i, e.Entry)
		}
		switch e.Kind {
		case schema.KindDir:
			totals.Dirs++
		case schema.KindLink:
			totals.Links++
			fallthrough
		default:
			totals.Files++
			totals.Bytes += uint64(e.Content.Size)
		}
		i++
	}
	if i != len(want) || d.Totals() != totals || d.IsEmpty() != (i == 0) {
		t.Fatalf("%d entries, want %d; totals %+v, want %+v", i, len(want), d.Totals(), totals)
	}
	if n, err := d.Len(t.Context()); err != nil || n != uint64(len(want)) {
		t.Fatalf("Len is %d, %v, want %d", n, err, len(want))
	}
	name := drawName(t)
	e, ok, err := d.Get(t.Context(), name)
	at := slices.IndexFunc(want, func(e schema.Entry) bool { return e.Name == name })
	if err != nil || ok != (at >= 0) || ok && !e.Entry.Equal(&want[at]) {
		t.Fatalf("Get(%q) is %+v, %v, %v, want place %d", name, e, ok, err, at)
	}
	first, n := slices.IndexFunc(want, func(e schema.Entry) bool { return e.SortKey() >= name }), 0
	for e, err := range d.All(t.Context(), name) {
		if err != nil || first < 0 || e.SortKey() != want[first+n].SortKey() {
			t.Fatalf("All(%q) has %q at %d, %v", name, e.Name, n, err)
		}
		if n++; n == 3 {
			break
		}
	}
}

func (m *model) checkDiff(t *rapid.T) {
	old, now := map[string]schema.Entry{}, map[string]schema.Entry{}
	for _, e := range m.beforeWant {
		old[e.SortKey()] = e
	}
	for _, e := range m.want {
		now[e.SortKey()] = e
	}
	last := ""
	for d, err := range tree.Diff(t.Context(), m.before, m.dir) {
		if err != nil || d.Key <= last {
			t.Fatalf("%q after %q, %v", d.Key, last, err)
		}
		last = d.Key
		if d.Old != nil {
			if e, ok := old[d.Key]; !ok || !e.Equal(&d.Old.Entry) {
				t.Fatalf("old of %q is %+v", d.Key, d.Old)
			}
			delete(old, d.Key)
		}
		if d.New != nil {
			if e, ok := now[d.Key]; !ok || !e.Equal(&d.New.Entry) {
				t.Fatalf("new of %q is %+v", d.Key, d.New)
			}
			delete(now, d.Key)
		}
		if d.Old != nil && d.New != nil && d.Old.Entry.Equal(&d.New.Entry) {
			t.Fatalf("no difference at %q", d.Key)
		}
	}
	for key, e := range old {
		if n, ok := now[key]; !ok || !n.Equal(&e) {
			t.Fatalf("%q differs, but there was no delta", key)
		}
		delete(now, key)
	}
	if len(now) > 0 {
		t.Fatalf("%d additions without a delta", len(now))
	}
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{rows: newRows(), want: map[string]schema.Entry{}}
		m.store = tree.New(m.rows, 1<<20)
		m.dir = m.store.Empty()
		t.Repeat(map[string]func(*rapid.T){"put": m.put, "save": m.save, "": m.check})
	})
}
