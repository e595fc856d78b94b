package badgerkv

import (
	"errors"
	"path/filepath"
	"testing"
)

// TestSalvageNote salvages rows that are whole, with notes that name other tables. One that Badger can have merged is no loss; one
// with a number that is higher than all that are there is, as is one whose name another whole table has.
func TestSalvageNote(t *testing.T) {
	dir, path := filepath.Join(t.TempDir(), "kv"), filepath.Join(t.TempDir(), "note")
	for _, prefix := range []string{"a", "b"} {
		s, err := Open(t.Context(), dir, Options{Note: path, ID: ID{1}})
		if err == nil {
			err = errors.Join(s.Commit(t.Context(), someRows(prefix, 20)), s.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		change func(n *note)
		lost   int
	}{
		"right":     {func(*note) {}, 0},
		"merged":    {func(n *note) { n.tables = map[uint64]tablePrint{0: {}} }, 0},
		"missing":   {func(n *note) { n.tables[99] = tablePrint{} }, 1},
		"exchanged": {func(n *note) { n.tables[1] = tablePrint{size: 7} }, 1},
		"other":     {func(n *note) { n.id = ID{2} }, 1},
		"earlier":   {func(n *note) { n.version++ }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := readNote(path)
			if err != nil {
				t.Fatal(err)
			}
			c.change(n)
			changed := filepath.Join(t.TempDir(), "note")
			if err := n.write(changed); err != nil {
				t.Fatal(err)
			}
			found, err := Salvage(t.Context(), dir, filepath.Join(t.TempDir(), "new"), Options{Note: changed})
			if err != nil || len(found.Lost) != c.lost {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
}
