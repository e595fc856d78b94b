package fsys_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// ctimeOf returns a file's time of change in nanoseconds.
func ctimeOf(t *testing.T, name string) int64 {
	t.Helper()
	var st syscall.Stat_t
	must(t, syscall.Stat(name, &st))
	return st.Ctim.Nano()
}

// TestChangeTime sets attributes to what they are, and the time of access alone: the time of change goes on, and is stored.
func TestChangeTime(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	must(t, os.WriteFile(name, []byte("bytes"), 0o640))
	ctime := func() int64 { return ctimeOf(t, name) }
	for _, test := range []struct {
		name   string
		change func() error
	}{
		{"chmod", func() error { return os.Chmod(name, 0o640) }},
		{"chown", func() error { return os.Chown(name, os.Getuid(), os.Getgid()) }},
		{"atime", func() error {
			return unix.UtimesNanoAt(unix.AT_FDCWD, name, []unix.Timespec{{Sec: 1_000_000_000}, {Nsec: unix.UTIME_OMIT}}, 0)
		}},
	} {
		before := ctime()
		must(t, test.change())
		after := ctime()
		if after <= before {
			t.Errorf("%s: ctime stays as it was", test.name)
		}
		f.call("Unmount", f.dir, nil)
		f.mount(branch, f.dir)
		if stored := ctime(); stored != after {
			t.Errorf("%s: ctime is %d when it is mounted anew, and was %d", test.name, stored, after)
		}
	}
}

// TestChangeTimeOfLinks renames one of two names of a file, and exchanges it: the time of change goes on under both.
func TestChangeTimeOfLinks(t *testing.T) {
	f := newFixture(t)
	one, other, third := filepath.Join(f.dir, "one"), filepath.Join(f.dir, "other"), filepath.Join(f.dir, "third")
	must(t, os.WriteFile(one, []byte("bytes"), 0o640))
	must(t, os.WriteFile(third, nil, 0o640))
	must(t, os.Link(one, other))
	ctime := func(name string) int64 { return ctimeOf(t, name) }
	before := ctime(other)
	must(t, os.Rename(one, one+"2"))
	renamed := ctime(one + "2")
	if at := ctime(other); renamed <= before || at != renamed {
		t.Errorf("ctime %d before a rename, %d after it, %d under the other name", before, renamed, at)
	}
	must(t, unix.Renameat2(unix.AT_FDCWD, one+"2", unix.AT_FDCWD, third, unix.RENAME_EXCHANGE))
	exchanged := ctime(third)
	if at := ctime(other); exchanged <= renamed || at != exchanged {
		t.Errorf("ctime %d before an exchange, %d after it, %d under the other name", renamed, exchanged, at)
	}
	f.call("Unmount", f.dir, nil)
	f.mount(branch, f.dir)
	if at := ctime(other); at != exchanged {
		t.Errorf("ctime %d when it is mounted anew, and was %d", at, exchanged)
	}
}
