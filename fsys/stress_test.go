package fsys_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestManyWriters writes the same few paths through the core and two mounts at once, each time a whole version, while
// readers look at them through every door: nobody may see a mix of two, and in the end all doors show the same.
func TestManyWriters(t *testing.T) {
	f := newFixture(t)
	second := filepath.Join(f.root, "second")
	f.mount(branch, second)
	const rounds, paths, writers = 25, 4, 4
	var work sync.WaitGroup
	for w := range writers {
		for i, dir := range []string{"", f.dir, second} {
			work.Go(func() {
				for round := range rounds {
					path := fmt.Sprintf("dir%d/file", (w+round)%paths)
					data := version(w, i, round)
					if err := f.replace(dir, path, data); err != nil {
						t.Errorf("writer %d of door %d, round %d: %v", w, i, round, err)
						return
					}
					if err := f.look(dir, path); err != nil {
						t.Errorf("reader %d of door %d, round %d: %v", w, i, round, err)
					}
				}
			})
		}
	}
	work.Wait()
	for p := range paths {
		path := fmt.Sprintf("dir%d/file", p)
		want := f.get(path).Data
		for _, dir := range []string{f.dir, second} {
			// Between two mounts a change is pushed, and not awaited.
			var got []byte
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && !bytes.Equal(got, want); {
				got, _ = os.ReadFile(filepath.Join(dir, path))
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %s shows %.20q, the core %.20q", path, dir, got, want)
			}
		}
	}
}

// version returns bytes that say in every line which version they are of.
func version(writer, door, round int) []byte {
	line := fmt.Sprintf("%d %d %d\n", writer, door, round)
	return bytes.Repeat([]byte(line), 1000*(1+round%40))
}

// replace gives a path other bytes: in a mount as editors do, by renaming a new file.
func (f *fixture) replace(dir, path string, data []byte) error {
	if dir == "" {
		return f.rpc.Call("Child.Put", File{Ref: branch, Path: path, Data: data}, new(int))
	}
	name := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "tmp")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	return errors.Join(err, tmp.Close(), os.Rename(tmp.Name(), name))
}

// look reads a path, and fails when it has lines of more than one version.
func (f *fixture) look(dir, path string) error {
	var data []byte
	if dir == "" {
		var out File
		if err := f.rpc.Call("Child.Get", File{Ref: branch, Path: path}, &out); err != nil {
			return err
		}
		data = out.Data
	} else {
		var err error
		if data, err = os.ReadFile(filepath.Join(dir, path)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("a path that is only ever replaced is missing: %w", err)
		} else if err != nil {
			return err
		}
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	lines, same := bytes.Count(data, []byte("\n")), bytes.Count(data, append(first, '\n'))
	if same != lines || len(data) != lines*(len(first)+1) {
		return fmt.Errorf("%d bytes of more than version %q", len(data), first)
	}
	return nil
}
