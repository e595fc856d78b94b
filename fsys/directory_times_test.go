package fsys_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// times are those of a file's bytes and of its change, in nanoseconds.
type times struct{ mtime, ctime int64 }

func timesOf(t *testing.T, name string) times {
	t.Helper()
	var st syscall.Stat_t
	must(t, syscall.Stat(name, &st))
	return times{st.Mtim.Nano(), st.Ctim.Nano()}
}

// TestTimesOfNewNames makes names in a directory: its times change when a name is made, not when the file is stored, and so they
// are kept.
func TestTimesOfNewNames(t *testing.T) {
	f := newFixture(t)
	for _, dir := range []string{f.dir, filepath.Join(f.dir, "dir")} {
		must(t, os.MkdirAll(dir, 0o755))
		before := timesOf(t, dir)
		file := openAt(t, filepath.Join(dir, "file"), os.O_RDWR|os.O_CREATE)
		made := timesOf(t, dir)
		if made.mtime <= before.mtime || made.ctime != made.mtime {
			t.Errorf("a new name: %v, and before that %v", made, before)
		}
		want := func(what string, want times) {
			t.Helper()
			if got := timesOf(t, dir); got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		_, err := file.WriteString("bytes")
		must(t, err)
		must(t, file.Sync())
		want("fsync", made)
		must(t, file.Close())
		want("close", made)

		file = openAt(t, filepath.Join(dir, "second"), os.O_RDWR|os.O_CREATE)
		// In the future, too, a time stays until the next name is made.
		for _, at := range []time.Time{time.Unix(1_000_000_000, 5), time.Now().Add(100 * time.Hour)} {
			must(t, os.Chtimes(dir, at, at))
			set := timesOf(t, dir)
			if set.mtime != at.UnixNano() {
				t.Errorf("mtime %d after it was set to %d", set.mtime, at.UnixNano())
			}
			_, err = file.WriteString("bytes")
			must(t, err)
			must(t, file.Sync())
			want("fsync after its time was set", set)
		}
		must(t, file.Close())
		file = openAt(t, filepath.Join(dir, "third"), os.O_RDWR|os.O_CREATE)
		if got := timesOf(t, dir); got.mtime > time.Now().UnixNano() {
			t.Error("a name that is made does not end a time in the future")
		}
		must(t, os.Remove(file.Name())) // before it is stored
		gone := timesOf(t, dir)
		must(t, file.Close())
		want("close of a file without a name", gone)
		f.call("Unmount", f.dir, nil)
		f.mount(branch, f.dir)
		want("mounted anew", gone)
	}
}
