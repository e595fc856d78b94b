package fsys_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"pfsd/pfs"
)

// RenameArgs are what is renamed, and its new name.
type RenameArgs struct{ From, To string }

// RenameBranch renames a branch.
func (c *Child) RenameBranch(a RenameArgs, _ *int) error {
	ref, err := pfs.ParseRef(a.From)
	if err != nil {
		return err
	}
	_, err = c.store.RenameBranch(context.Background(), ref, a.To)
	return err
}

// RenameRepo renames a repo.
func (c *Child) RenameRepo(a RenameArgs, _ *int) error {
	_, err := c.store.RenameRepo(context.Background(), a.From, a.To)
	return err
}

// TestRenamedBranch renames the branch that is mounted, and its repo, while a file is being written: the mount stays with
// them, and not with the name.
func TestRenamedBranch(t *testing.T) {
	f := newFixture(t)
	file, err := os.Create(filepath.Join(f.dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	write := func(text string) {
		t.Helper()
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	write("one ")
	f.call("RenameBranch", RenameArgs{"master.data", "main"}, nil)
	f.call("CreateBranch", "master.data", nil)
	write("two ")
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	f.call("RenameRepo", RenameArgs{"data", "pics"}, nil)
	write("three")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(f.dir, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	var got File
	if f.call("Get", File{Ref: "main.pics", Path: "file"}, &got); string(got.Data) != "one two three" {
		t.Errorf("the branch has %+v", got)
	}
	if f.call("Get", File{Ref: "master.pics", Path: "file"}, &got); !got.Absent {
		t.Errorf("the new branch of the old name has %+v", got)
	}
	f.call("Put", File{Ref: "main.pics", Path: "file", Data: []byte("four")}, nil)
	if got, err := os.ReadFile(filepath.Join(f.dir, "file")); err != nil || string(got) != "four" {
		t.Errorf("the mount has %q, %v", got, err)
	}
}
