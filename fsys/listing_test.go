package fsys_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// readDirs counts how often the kernel has asked what is in a directory.
func (f *fixture) readDirs() uint64 {
	f.t.Helper()
	return f.requests("READDIR") + f.requests("READDIRPLUS")
}

// listNames lists a directory, in the order of the listing.
func listNames(t *testing.T, dir string) []string {
	t.Helper()
	d, err := os.Open(dir)
	must(t, err)
	defer d.Close()
	list, err := d.Readdirnames(-1)
	must(t, err)
	return list
}

// TestListingIsCached lists a directory again and again: unchanged, it is asked for once, and each change shows at once,
// whoever makes it.
func TestListingIsCached(t *testing.T) {
	f := newFixture(t)
	dir := filepath.Join(f.dir, "dir")
	must(t, os.Mkdir(dir, 0o755))
	want := map[string]bool{}
	for i := range 300 {
		name := fmt.Sprintf("file-%03d", i)
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
		want[name] = true
	}
	open, err := os.Create(filepath.Join(dir, "open"))
	must(t, err)
	want["open"] = true
	look := func(after string) {
		t.Helper()
		got := listNames(t, dir)
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
			t.Errorf("after %s there are %q", after, got)
		}
	}
	look("the beginning")
	order := listNames(t, dir)
	before := f.readDirs()
	for range 10 {
		if again := listNames(t, dir); !slices.Equal(again, order) {
			t.Fatal("the order has changed")
		}
	}
	if n := f.readDirs() - before; n > 0 {
		t.Errorf("10 listings caused %d requests", n)
	}
	must(t, open.Close())
	look("a close")
	if again := listNames(t, dir); !slices.Equal(again, order) {
		t.Error("the order has changed by a close")
	}
	for _, change := range []struct {
		name  string
		make  func()
		after func()
	}{
		{"a PUT", func() { f.put("dir/put", "x") }, func() { want["put"] = true }},
		{"a DELETE", func() { f.remove("dir/file-100") }, func() { delete(want, "file-100") }},
		{"a write", func() { must(t, os.WriteFile(filepath.Join(dir, "written"), nil, 0o644)) }, func() { want["written"] = true }},
		{"a removal", func() { must(t, os.Remove(filepath.Join(dir, "file-200"))) }, func() { delete(want, "file-200") }},
		{"a rename", func() { must(t, os.Rename(filepath.Join(dir, "file-201"), filepath.Join(dir, "new"))) }, func() {
			delete(want, "file-201")
			want["new"] = true
		}},
		{"a PUT below", func() { f.put("dir/sub/put", "x") }, func() { want["sub"] = true }},
	} {
		change.make()
		change.after()
		look(change.name)
		look(change.name + ", again")
	}
	before = f.readDirs()
	look("all")
	if n := f.readDirs() - before; n > 0 {
		t.Errorf("the last listing caused %d requests", n)
	}
}

// TestListingWhileItChanges lists a directory, in several programs, of which both doors change names. What does not change is
// listed by each exactly once, and what has changed before a listing begins is listed as it is then.
func TestListingWhileItChanges(t *testing.T) {
	f := newFixture(t)
	dir := filepath.Join(f.dir, "dir")
	must(t, os.Mkdir(dir, 0o755))
	const stay = 200
	for i := range stay {
		f.put(fmt.Sprintf("dir/stay-%03d-%s", i, strings.Repeat("x", 60)), "")
	}
	var ended atomic.Bool
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for !ended.Load() {
				seen := map[string]int{}
				d, err := os.Open(dir)
				if err != nil {
					t.Error(err)
					return
				}
				for {
					some, err := d.Readdirnames(50)
					for _, name := range some {
						seen[name]++
					}
					if err != nil {
						break
					}
				}
				d.Close()
				stayed := 0
				for name, n := range seen {
					if n != 1 {
						t.Errorf("%s is listed %d times", name, n)
					}
					if strings.HasPrefix(name, "stay-") {
						stayed++
					}
				}
				if stayed != stay {
					t.Errorf("%d of %d names are listed", stayed, stay)
				}
			}
		})
	}
	for i := range 60 {
		name := fmt.Sprintf("a-%03d", i)
		byS3 := i%2 == 0
		if byS3 {
			f.put("dir/"+name, "")
		} else {
			must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
		}
		if !slices.Contains(listNames(t, dir), name) {
			t.Errorf("%s is there and not listed", name)
		}
		if i%4 < 2 {
			f.remove("dir/" + name)
		} else {
			must(t, os.Remove(filepath.Join(dir, name)))
		}
		if slices.Contains(listNames(t, dir), name) {
			t.Errorf("%s is gone and listed", name)
		}
	}
	ended.Store(true)
	readers.Wait()
}
