package crash_test

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
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// doors are those of a server that runs.
type doors struct {
	t      testing.TB
	store  *harness.Store
	client *minio.Core
	server *harness.Process
	dir    string
	// leaving is set when the server has been told to end, and may unmount.
	leaving atomic.Bool
}

// path returns where a file is in the mount.
func (d *doors) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

// change is what a change leaves at each path that it touches; nil where it leaves nothing.
type change map[string][]byte

// operation is one durable change: when it returns nil, all of it is on disk. With an error, either all of it has happened
// or nothing.
type operation func(files change) error

// operations are what a writer can do: each picks what it changes, and returns how.
type operations []func(w *writer) (change, operation)

// files is how many files a writer has.
const files = 10

// writer changes files of its own, and knows what has been acknowledged.
type writer struct {
	name string
	kind func(*doors) operations
	rand *rand.Rand
	// state is what each path holds by the changes that were acknowledged; nil for one that was removed.
	state change
	// doubt is the change under way, which may have happened or not.
	doubt change
	// inPlace is set when that is one write(2) into a file of the mount. The kernel makes several requests of it where it crosses
	// pages that are not cached, and a server that ends commits what has come.
	inPlace bool
	// acked counts the changes that were acknowledged.
	acked int
}

func newWriter(name string, kind func(*doors) operations, random *rand.Rand) *writer {
	return &writer{name: name, kind: kind, rand: random, state: change{}}
}

// step does one change.
func (w *writer) step(ops operations) error {
	w.inPlace = false
	files, do := ops[w.rand.IntN(len(ops))](w)
	w.doubt = files
	if err := do(files); err != nil {
		return err
	}
	w.accept()
	w.acked++
	return nil
}

// accept takes the change under way for done.
func (w *writer) accept() {
	for path, data := range w.doubt {
		w.state[path] = data
	}
	w.doubt = nil
}

// any returns one of the writer's paths.
func (w *writer) any() string { return fmt.Sprintf("%s/%d", w.name, w.rand.IntN(files)) }

// existing returns a path where a file is, or "".
func (w *writer) existing() string {
	var paths []string
	for path, data := range w.state {
		if data != nil {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return ""
	}
	slices.Sort(paths)
	return paths[w.rand.IntN(len(paths))]
}

// data returns new bytes: few as for a row, or some as for a pack.
func (w *writer) data() []byte {
	size := 1 + w.rand.IntN(2000)
	if w.rand.IntN(3) == 0 {
		size = 32<<10 + w.rand.IntN(300<<10)
	}
	return harness.Bytes(w.rand.Uint64(), size)
}

// verify compares all files with what they must hold, through either door, and settles what was in doubt.
func (w *writer) verify(t *testing.T, d *doors) {
	t.Helper()
	found := w.read(t, d)
	before, after := change{}, change{}
	for path := range w.doubt {
		before[path], after[path] = w.state[path], w.doubt[path]
	}
	switch {
	case holds(found, after):
		w.accept()
	case w.inPlace && w.torn(found):
		for path := range w.doubt {
			w.state[path] = found[path]
		}
	case !holds(found, before):
		for path := range w.doubt {
			t.Errorf("half a change: %s has %d bytes, %d before it and %d after it", path, len(found[path]), len(before[path]),
				len(after[path]))
		}
	}
	w.doubt = nil
	for path, got := range found {
		if want := w.state[path]; !bytes.Equal(got, want) {
			t.Errorf("%s has %d bytes, but %d were acknowledged", path, len(got), len(want))
		}
	}
}

// torn reports whether a file was found to be as the change under way has it up to the end of a page, and as before from there.
func (w *writer) torn(found change) bool {
	for path, after := range w.doubt {
		before := w.state[path]
		for end := 0; end < len(after); end += os.Getpagesize() {
			if bytes.Equal(found[path], slices.Concat(after[:end], before[min(end, len(before)):])) {
				return true
			}
		}
	}
	return false
}

// holds reports whether files were found to be as in want.
func holds(found, want change) bool {
	for path, data := range want {
		if (found[path] == nil) != (data == nil) || !bytes.Equal(found[path], data) {
			return false
		}
	}
	return true
}

// read returns what is at each of the writer's paths, and fails the test when something is elsewhere.
func (w *writer) read(t *testing.T, d *doors) change {
	t.Helper()
	found := change{}
	for i := range files {
		path := fmt.Sprintf("%s/%d", w.name, i)
		data, err := d.get(path, w.rand.IntN(2) == 0)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		found[path] = data
	}
	entries, err := os.ReadDir(d.path(w.name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, e := range entries {
		path := w.name + "/" + e.Name()
		if _, known := found[path]; !known && !strings.HasSuffix(path, unfinished) {
			t.Errorf("%s has come from nowhere", path)
		}
	}
	return found
}
