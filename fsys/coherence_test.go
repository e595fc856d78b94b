package fsys_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCoherence changes a branch through the mount and through the core in turns, at random, and looks at each change
// through the other door at once.
func TestCoherence(t *testing.T) {
	for _, env := range [][]string{nil, {"GOMAXPROCS=1"}} {
		t.Run(strings.Join(append([]string{"env"}, env...), " "), func(t *testing.T) {
			f := newFixture(t, env...)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			c := coherence{fixture: f, rand: rand.New(rand.NewPCG(seed, 1)), want: make(map[string]string)}
			for range 1000 {
				c.step()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// coherence is a run with what each path should have.
type coherence struct {
	*fixture
	rand *rand.Rand
	want map[string]string
	n    int
}

// path returns one of few paths, in directories of different depths.
func (c *coherence) path() string {
	dirs := []string{"", "a/", "a/b/", "c/"}
	return dirs[c.rand.IntN(len(dirs))] + fmt.Sprintf("f%d", c.rand.IntN(6))
}

// existing returns a path that has a file, or "".
func (c *coherence) existing() string {
	paths := make([]string, 0, len(c.want))
	for path := range c.want {
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return ""
	}
	slices.Sort(paths)
	return paths[c.rand.IntN(len(paths))]
}

func (c *coherence) step() {
	c.n++
	data := fmt.Sprintf("%d %s", c.n, strings.Repeat("x", c.rand.IntN(100)))
	path, had := c.path(), c.existing()
	touched := []string{path}
	switch op := c.rand.IntN(7); {
	case op == 0:
		c.put(path, data)
		c.want[path] = data
	case op == 1 && had != "":
		c.remove(had)
		delete(c.want, had)
		touched = []string{had}
	case op == 2 && had != "":
		c.check(os.Remove(filepath.Join(c.dir, had)))
		delete(c.want, had)
		touched = []string{had}
	case op == 3 && had != "" && had != path:
		c.check(os.MkdirAll(filepath.Join(c.dir, filepath.Dir(path)), 0o755))
		c.check(os.Rename(filepath.Join(c.dir, had), filepath.Join(c.dir, path)))
		c.want[path] = c.want[had]
		delete(c.want, had)
		touched = []string{path, had}
	case op == 4:
		dir := filepath.Join(c.dir, fmt.Sprintf("d%d", c.n))
		c.check(os.Mkdir(dir, 0o755))
		c.check(os.Remove(dir))
	default:
		c.check(os.MkdirAll(filepath.Join(c.dir, filepath.Dir(path)), 0o755))
		c.check(os.WriteFile(filepath.Join(c.dir, path), []byte(data), 0o644))
		c.want[path] = data
	}
	for _, path := range touched {
		c.look(path)
	}
	if c.n%10 == 0 {
		c.look(c.path())
		c.list()
	}
}

// check fails the test for an error.
func (c *coherence) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("step %d: %v", c.n, err)
	}
}

// look compares a path through both doors with what it should have.
func (c *coherence) look(path string) {
	c.t.Helper()
	want, exists := c.want[path]
	got, err := os.ReadFile(filepath.Join(c.dir, path))
	switch {
	case exists && (err != nil || string(got) != want):
		c.t.Errorf("step %d: mount has %q, %v at %s; want %q", c.n, got, err, path, want)
	case !exists && !errors.Is(err, fs.ErrNotExist):
		c.t.Errorf("step %d: mount has %q, %v at %s; want nothing", c.n, got, err, path)
	}
	if info, err := os.Stat(filepath.Join(c.dir, path)); exists && err == nil && info.Size() != int64(len(want)) {
		c.t.Errorf("step %d: stat of %s says %d bytes; want %d", c.n, path, info.Size(), len(want))
	}
	if stored := c.get(path); stored.Absent == exists || exists && string(stored.Data) != want {
		c.t.Errorf("step %d: core has %q (absent %v) at %s; want %q", c.n, stored.Data, stored.Absent, path, want)
	}
}

// list compares all names in the mount with the files that there should be.
func (c *coherence) list() {
	c.t.Helper()
	var got, want []string
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, strings.TrimPrefix(path, c.dir+"/"))
		}
		return err
	})
	c.check(err)
	for path := range c.want {
		want = append(want, path)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.t.Errorf("step %d: the mount lists %q; want %q", c.n, got, want)
	}
}

func TestCaches(t *testing.T) {
	f := newFixture(t)
	big := bytes.Repeat([]byte("0123456789abcdef"), 4<<20)
	name := filepath.Join(f.dir, "dir", "big")
	if err := os.Mkdir(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, big, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Run("stat", func(t *testing.T) {
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
		before := f.requests("LOOKUP") + f.requests("GETATTR")
		for i := range 1000 {
			if _, err := os.Stat(name); err != nil {
				t.Fatal(err)
			}
			if i%100 == 0 {
				f.put("dir/other", fmt.Sprint(i)) // Changes beside it do not matter.
			}
		}
		if n := f.requests("LOOKUP") + f.requests("GETATTR") - before; n >= 30 {
			t.Errorf("1000 stats caused %d requests", n)
		}
	})
	t.Run("read", func(t *testing.T) {
		for range 2 {
			if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, big) {
				t.Fatal("wrong bytes", err)
			}
		}
		before := f.requests("READ")
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, big) {
			t.Fatal("wrong bytes", err)
		}
		if n := f.requests("READ") - before; n >= 10 {
			t.Errorf("reading again caused %d READs", n)
		}
	})
	t.Run("absent", func(t *testing.T) {
		before := f.requests("LOOKUP")
		for range 100 {
			if _, err := os.Stat(name + "-not"); !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
		if n := f.requests("LOOKUP") - before; n > 1 {
			t.Errorf("100 stats of a name that is not there caused %d LOOKUPs", n)
		}
		f.put("dir/big-not", "now it is")
		if _, err := os.Stat(name + "-not"); err != nil {
			t.Error(err)
		}
	})
}

// TestReplacedWhileOpen has another door change a file that is open in the mount.
func TestReplacedWhileOpen(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	f.put("file", "first version")
	open, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	f.put("file", "second")
	got := make([]byte, 100)
	if n, _ := open.ReadAt(got, 0); string(got[:n]) != "first version" {
		t.Errorf("the open file reads %q", got[:n])
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "second" {
		t.Errorf("the path reads %q, %v", got, err)
	}
	before, _ := open.Stat()
	after, _ := os.Stat(name)
	if os.SameFile(before, after) {
		t.Error("the new version has the inode of the old one")
	}
}

// TestLastCloseWins has another door change a file that has written bytes which are not linked.
func TestLastCloseWins(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	for _, test := range []struct {
		name    string
		between func()
		want    string
	}{
		{"changed", func() { f.put("file", "by another door") }, "by the mount"},
		{"removed", func() { f.remove("file") }, ""},
		{"renamed away", func() {
			if err := os.Rename(name, name+"2"); err != nil {
				t.Fatal(err)
			}
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f.put("file", "old")
			open, err := os.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := open.WriteString("by the mount"); err != nil {
				t.Fatal(err)
			}
			test.between()
			if err := open.Close(); err != nil {
				t.Fatal(err)
			}
			if got := f.get("file"); string(got.Data) != test.want || got.Absent != (test.want == "") {
				t.Errorf("the core has %q, absent %v", got.Data, got.Absent)
			}
			got, err := os.ReadFile(name)
			if string(got) != test.want || errors.Is(err, fs.ErrNotExist) != (test.want == "") {
				t.Errorf("the mount has %q, %v", got, err)
			}
		})
	}
}

// TestImplicitDirectory has another door remove all that is in a directory in which a new file is being written.
func TestImplicitDirectory(t *testing.T) {
	f := newFixture(t)
	f.put("a/b/only", "x")
	file, err := os.Create(filepath.Join(f.dir, "a", "b", "new"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("written"); err != nil {
		t.Fatal(err)
	}
	f.remove("a/b/only")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.get("a/b/new"); string(got.Data) != "written" {
		t.Errorf("the core has %q, absent %v", got.Data, got.Absent)
	}
}

// TestVisibility says when the core sees a new file.
func TestVisibility(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		name string
		do   func(file *os.File) error
		at   string
	}{
		{"fsync", func(file *os.File) error { return file.Sync() }, "fsync"},
		{"close", func(file *os.File) error { return file.Close() }, "close"},
		{"rename", func(file *os.File) error { return os.Rename(file.Name(), file.Name()+"d") }, "renamed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file, err := os.Create(filepath.Join(f.dir, test.name))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.WriteString("data"); err != nil {
				t.Fatal(err)
			}
			if got := f.get(test.name); !got.Absent {
				t.Errorf("the core has it already: %q", got.Data)
			}
			if got, err := os.ReadFile(file.Name()); err != nil || string(got) != "data" {
				t.Errorf("another handle reads %q, %v", got, err)
			}
			if err := test.do(file); err != nil {
				t.Fatal(err)
			}
			if got := f.get(test.at); string(got.Data) != "data" {
				t.Errorf("the core has %q, absent %v", got.Data, got.Absent)
			}
		})
	}
}
