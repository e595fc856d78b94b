package fsys_test

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNumberOfAFileWrittenElsewhere has a file open that another mount appends to: what is at its name has another inode number
// as long as it is open, so that tail -F finds that it is not what it reads. In the other mount the number stays.
func TestNumberOfAFileWrittenElsewhere(t *testing.T) {
	f := newFixture(t)
	other := filepath.Join(f.root, "other")
	must(t, os.Mkdir(other, 0o755))
	f.mount(branch, other)
	here, there := filepath.Join(f.dir, "log"), filepath.Join(other, "log")
	must(t, os.WriteFile(here, []byte("one\n"), 0o644))
	f.wantFile(there, "one\n")
	_, inThere := links(t, there)
	reader, err := os.Open(here)
	must(t, err)
	_, opened := links(t, here)
	appendTo := func(text string) {
		t.Helper()
		file, err := os.OpenFile(there, os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		_, err = file.WriteString(text)
		must(t, err)
		must(t, file.Close())
		_, err = os.ReadFile(filepath.Join(f.dir, ".pfs/head"))
		must(t, err)
	}
	appendTo("two\n")
	f.wantFile(here, "one\ntwo\n")
	_, replaced := links(t, here)
	if replaced == opened {
		t.Errorf("what is open and what replaced it are both inode %d", opened)
	}
	must(t, reader.Close())
	if _, now := links(t, here); now != replaced {
		t.Errorf("the inode number went from %d to %d when another file was closed", replaced, now)
	}
	if listed := direntInodes(t, f.dir)["log"]; listed != replaced {
		t.Errorf("it is listed as inode %d, and is %d", listed, replaced)
	}
	if _, now := links(t, there); now != inThere {
		t.Errorf("where it was written, the inode number went from %d to %d", inThere, now)
	}
}
