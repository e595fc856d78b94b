package fsys_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"pfsd/pfs"
)

// ResetArgs are a branch and what it is to become.
type ResetArgs struct{ Branch, To string }

// Reset makes a branch what it was at a commit.
func (c *Child) Reset(a ResetArgs, _ *int) error {
	branch, err := pfs.ParseRef(a.Branch)
	if err != nil {
		return err
	}
	to, err := pfs.ParseRef(a.To)
	if err != nil {
		return err
	}
	_, err = c.store.Reset(context.Background(), branch, to, pfs.By{Origin: pfs.OriginCLI})
	return err
}

// TestDirectoriesStay resets a branch while a program works in a directory that is in both versions: it stays there, and sees
// what is in it now. One that is in the later version alone has gone.
func TestDirectoriesStay(t *testing.T) {
	f := newFixture(t)
	f.put("a/b/file", "old")
	var head pfs.Commit
	f.call("Head", branch, &head)
	f.put("a/b/file", "new")
	f.put("a/c/file", "new")
	stays, err := os.Open(filepath.Join(f.dir, "a/b"))
	must(t, err)
	defer stays.Close()
	goes, err := os.Open(filepath.Join(f.dir, "a/c"))
	must(t, err)
	defer goes.Close()
	f.wantFile(filepath.Join(f.dir, "a/b/file"), "new")
	f.call("Reset", ResetArgs{branch, "data@" + head.ID.String()}, nil)
	at := fmt.Sprintf("/proc/self/fd/%d", stays.Fd())
	if to, err := os.Readlink(at); to != stays.Name() {
		t.Errorf("the directory that is still there is %q, %v", to, err)
	}
	f.wantFile(at+"/file", "old")
	if _, err := os.Stat(fmt.Sprintf("/proc/self/fd/%d/file", goes.Fd())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file of the directory that has gone: %v", err)
	}
	if _, err := os.Stat(goes.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory that has gone: %v", err)
	}
}
