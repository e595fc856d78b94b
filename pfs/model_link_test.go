package pfs_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs"
)

// linkModel is a tree of files that can have several names: what is at each path. Paths with one file share the pointer.
type linkModel map[string]*string

// copied returns a model that shares nothing with this one, of the paths that keep maps to others than "".
func (m linkModel) copied(keep func(path string) string) linkModel {
	files, out := map[*string]*string{}, linkModel{}
	for path, file := range m {
		to := keep(path)
		if to == "" {
			continue
		}
		if files[file] == nil {
			text := *file
			files[file] = &text
		}
		out[to] = files[file]
	}
	return out
}

// String returns the model as names does a version, but for the number of names of a file that has one.
func (m linkModel) String() string {
	counts, letters := map[*string]int{}, map[*string]string{}
	for _, file := range m {
		counts[file]++
	}
	var out []string
	for _, path := range slices.Sorted(maps.Keys(m)) {
		file := m[path]
		text := path + "=" + *file
		if counts[file] > 1 {
			if letters[file] == "" {
				letters[file] = string(rune('A' + len(letters)))
			}
			text += fmt.Sprintf(":%s%d", letters[file], counts[file])
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// linkRun is one random history.
type linkRun struct {
	t     *testing.T
	s     *pfs.Store
	rnd   *rand.Rand
	model linkModel
	n     int
}

// TestModelOfLinks changes files with several names at random, and compares what each version shows with a model.
func TestModelOfLinks(t *testing.T) {
	runs, steps := 12, 40
	if os.Getenv("PFSD_TEST_FULL") != "" {
		runs, steps = 200, 150
	}
	seed := rand.Uint64()
	for i := range uint64(runs) {
		t.Run(fmt.Sprintf("seed %d %d", seed, i), func(t *testing.T) {
			r := &linkRun{t: t, s: newImages(t), rnd: rand.New(rand.NewPCG(seed, i)), model: linkModel{}}
			versions := map[pfs.CommitID]string{}
			update(t, r.s, master, func(tx *pfs.Tx) error {
				for _, dir := range []string{"a", "b", "c"} {
					if err := tx.MakeDir(dir, nil); err != nil {
						return err
					}
				}
				return nil
			})
			for range steps {
				r.step()
				if got, want := r.shown(master), r.model.String(); got != want {
					t.Fatalf("\ngot  %s\nwant %s", got, want)
				}
				if r.rnd.IntN(4) == 0 {
					c, err := r.s.Cut(ctx, master)
					if err != nil {
						t.Fatal(err)
					}
					versions[c.ID] = r.model.String()
				}
			}
			for id, want := range versions {
				if got := r.shown(pfs.Ref{Repo: "images", Commit: id}); got != want {
					t.Errorf("%s:\ngot  %s\nwant %s", id, got, want)
				}
			}
		})
	}
}

// shown returns what a version shows, in the form of the model.
func (r *linkRun) shown(ref pfs.Ref) string {
	var out []string
	letters := map[string]string{}
	for name := range strings.FieldsSeq(names(r.t, r.s, ref)) {
		text, link, linked := strings.Cut(name, ":")
		if linked && !strings.HasSuffix(link, link[:1]+"1") {
			if letters[link[:1]] == "" {
				letters[link[:1]] = string(rune('A' + len(letters)))
			}
			text += ":" + letters[link[:1]] + link[1:]
		}
		out = append(out, text)
	}
	slices.SortFunc(out, func(a, b string) int {
		return strings.Compare(a[:strings.Index(a, "=")], b[:strings.Index(b, "=")])
	})
	return strings.Join(out, " ")
}

func (r *linkRun) path() string {
	return string(rune('a'+r.rnd.IntN(3))) + "/" + string(rune('p'+r.rnd.IntN(4)))
}

// any returns a path at which there is something.
func (r *linkRun) any() string {
	paths := slices.Sorted(maps.Keys(r.model))
	return paths[r.rnd.IntN(len(paths))]
}

// step makes one change in the model and in the store.
func (r *linkRun) step() {
	r.n++
	text := fmt.Sprint(r.n)
	c := ingest(r.t, r.s, text)
	to := r.path()
	if len(r.model) == 0 {
		r.do(func(tx *pfs.Tx) error { return tx.PutFile(to, c, nil, 0) })
		r.model[to] = &text
		return
	}
	from := r.any()
	_, taken := r.model[to]
	switch op := r.rnd.IntN(12); {
	case op < 2:
		r.do(func(tx *pfs.Tx) error { return tx.PutFile(to, c, nil, 0) })
		r.model[to] = &text
	case op < 4:
		r.do(rewrite(c, from))
		*r.model[from] = text
	case op < 7 && !taken:
		r.do(func(tx *pfs.Tx) error { return tx.Link(from, to) })
		r.model[to] = r.model[from]
	case op == 7:
		r.do(func(tx *pfs.Tx) error { return tx.Unlink(from) })
		delete(r.model, from)
	case op == 8:
		r.do(func(tx *pfs.Tx) error { return tx.Rename(from, to, pfs.RenameReplace) })
		if r.model[from] != r.model[to] {
			r.model[to] = r.model[from]
			delete(r.model, from)
		}
	case op == 9 && taken:
		r.do(func(tx *pfs.Tx) error { return tx.Rename(from, to, pfs.RenameExchange) })
		r.model[from], r.model[to] = r.model[to], r.model[from]
	case op == 10:
		r.copyDir(from[:1], to[:1])
	case op == 11:
		snap, err := r.s.Snapshot(ctx, master)
		if err != nil {
			r.t.Fatal(err)
		}
		copied := *r.model[from]
		r.do(func(tx *pfs.Tx) error { return tx.Copy(to, snap, from) })
		r.model[to] = &copied
	}
}

// copyDir puts a copy of one directory in the place of another, or of itself.
func (r *linkRun) copyDir(from, to string) {
	snap, err := r.s.Snapshot(ctx, master)
	if err != nil {
		r.t.Fatal(err)
	}
	r.do(func(tx *pfs.Tx) error { return tx.Copy(to, snap, from) })
	made := r.model.copied(func(path string) string {
		if path[:1] == from {
			return to + path[1:]
		}
		return ""
	})
	maps.DeleteFunc(r.model, func(path string, _ *string) bool { return path[:1] == to })
	maps.Copy(r.model, made)
}

// do makes a change in one of the two ways.
func (r *linkRun) do(fn func(*pfs.Tx) error) {
	r.t.Helper()
	if r.rnd.IntN(2) == 0 {
		update(r.t, r.s, master, fn)
	} else if err := r.s.Apply(ctx, master, byMount, fn); err != nil {
		r.t.Fatal(err)
	}
}
