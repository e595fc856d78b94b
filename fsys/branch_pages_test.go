package fsys_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/fsys"
	"pfsd/pfs"
)

// MountAll mounts every branch.
func (c *Child) MountAll(dir string, _ *int) error {
	fd, err := fsys.Attach(dir, fsys.AttachOptions{Source: "fsys-test", AllowOther: os.Geteuid() == 0})
	if err != nil {
		return err
	}
	s, err := fsys.Serve(context.Background(), c.store, fd, fsys.Config{
		All: true, Owner: owner(), Author: "test", Now: c.now, ScratchDir: c.dir, Dir: dir, Names: c.names,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return errors.Join(err, fsys.Detach(dir, true))
	}
	c.servers[dir] = s
	return nil
}

// Head returns the last commit of a branch.
func (c *Child) Head(name string, out *pfs.Commit) error {
	ref, err := pfs.ParseRef(name)
	if err != nil {
		return err
	}
	*out, err = c.store.Cut(context.Background(), ref)
	return err
}

// mountAll returns a mount of every branch.
func (f *fixture) mountAll() string {
	f.t.Helper()
	all := filepath.Join(f.root, "all")
	if err := os.Mkdir(all, 0o755); err != nil {
		f.t.Fatal(err)
	}
	f.call("MountAll", all, nil)
	return all
}

// TestAllBranches makes, fills, renames and removes repos and branches as directories.
func TestAllBranches(t *testing.T) {
	f := newFixture(t)
	all := f.mountAll()
	f.put("file", "by the store")
	wantText(t, filepath.Join(all, "data/master/file"), "by the store")
	ok := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	ok("mkdir of a repo", os.Mkdir(filepath.Join(all, "pics"), 0o755))
	ok("mkdir of a branch", os.Mkdir(filepath.Join(all, "pics/dev"), 0o755))
	if got := names(t, all); !slices.Equal(got, []string{"data", "pics"}) {
		t.Errorf("the repos are %q", got)
	}
	if got := names(t, filepath.Join(all, "pics")); !slices.Equal(got, []string{"dev", "master"}) {
		t.Errorf("the branches are %q", got)
	}
	file := filepath.Join(all, "pics/dev/dir/file")
	ok("mkdir", os.Mkdir(filepath.Dir(file), 0o755))
	ok("write", os.WriteFile(file, []byte("here"), 0o644))
	var got File
	if f.call("Get", File{Ref: "dev.pics", Path: "dir/file"}, &got); string(got.Data) != "here" {
		t.Errorf("the store has %+v", got)
	}
	wantErr(t, "rmdir of a branch with files", unix.Rmdir(filepath.Join(all, "pics/dev")), unix.ENOTEMPTY)
	wantErr(t, "rmdir of a repo with branches", unix.Rmdir(filepath.Join(all, "pics")), unix.ENOTEMPTY)
	wantErr(t, "a file among branches", os.WriteFile(filepath.Join(all, "pics/file"), nil, 0o644), unix.EPERM)
	wantErr(t, "a bad name", os.Mkdir(filepath.Join(all, "a.b"), 0o755), unix.EINVAL)
	wantErr(t, "a taken name", os.Mkdir(filepath.Join(all, "pics/master"), 0o755), unix.EEXIST)
	wantErr(t, "a move from branch to branch", os.Rename(file, filepath.Join(all, "pics/master/file")), unix.EXDEV)
	wantErr(t, "a move of a branch", os.Rename(filepath.Dir(filepath.Dir(file)), filepath.Join(all, "data/dev")), unix.EXDEV)

	ok("rename of a branch", os.Rename(filepath.Join(all, "pics/dev"), filepath.Join(all, "pics/main")))
	ok("rename of a repo", os.Rename(filepath.Join(all, "pics"), filepath.Join(all, "photos")))
	file = filepath.Join(all, "photos/main/dir/file")
	wantText(t, file, "here")
	if f.call("Get", File{Ref: "main.photos", Path: "dir/file"}, &got); string(got.Data) != "here" {
		t.Errorf("the store has %+v", got)
	}
	ok("rm -r", os.RemoveAll(filepath.Join(all, "photos")))
	if got := names(t, all); !slices.Equal(got, []string{"data"}) {
		t.Errorf("then the repos are %q", got)
	}
}

// TestAllBranchesCoherent makes and removes branches, and files, by another door.
func TestAllBranchesCoherent(t *testing.T) {
	f := newFixture(t)
	all := f.mountAll()
	absent := func(path string) {
		t.Helper()
		if _, err := os.Stat(filepath.Join(all, path)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	absent("new")
	absent("data/side/file")
	f.call("CreateRepo", "new", nil)
	f.call("CreateBranch", "side.data", nil)
	if got := names(t, filepath.Join(all, "new")); !slices.Equal(got, []string{"master"}) {
		t.Errorf("a new repo has %q", got)
	}
	absent("data/side/file")
	f.call("Put", File{Ref: "side.data", Path: "file", Data: []byte("one")}, nil)
	wantText(t, filepath.Join(all, "data/side/file"), "one")
	f.call("Put", File{Ref: "side.data", Path: "file", Data: []byte("two")}, nil)
	wantText(t, filepath.Join(all, "data/side/file"), "two")
	wantText(t, filepath.Join(all, "data/side/.pfs/commits/HEAD^/file"), "one")
	f.call("RenameBranch", RenameArgs{"side.data", "front"}, nil)
	absent("data/side/file")
	wantText(t, filepath.Join(all, "data/front/file"), "two")
	if err := os.WriteFile(filepath.Join(all, "data/front/file"), []byte("three"), 0o644); err != nil {
		t.Error(err)
	}
	var head pfs.Commit
	if f.call("Head", "front.data", &head); head.Author != "test" {
		t.Errorf("the last commit is %+v", head)
	}
	f.call("DeleteBranch", "front.data", nil)
	absent("data/front")
	f.call("CreateBranch", "front.data", nil)
	absent("data/front/file")
	if got := names(t, filepath.Join(all, "data/front")); len(got) > 0 {
		t.Errorf("a new branch has %q", got)
	}
	// The mount of the one branch, and this one, see each other.
	if err := os.WriteFile(filepath.Join(f.dir, "mine"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(filepath.Join(all, "data/master/.pfs/head")); err != nil {
		t.Error(err)
	}
	wantText(t, filepath.Join(all, "data/master/mine"), "x")
}
