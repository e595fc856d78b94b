package pfs_test

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"pfsd/pfs"
)

// fsOf returns a branch as package io/fs sees it.
func fsOf(t *testing.T, s *pfs.Store) fs.FS {
	t.Helper()
	snap, err := s.Snapshot(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	return snap.FS(t.Context())
}

func TestFS(t *testing.T) {
	s := newImages(t)
	small, large := ingest(t, s, "x"), ingest(t, s, strings.Repeat("large ", 1<<14))
	files := []string{"a", "a-b/c", "a.b", "b/c/d/e", "b/c-d", "b/c0", "z"}
	update(t, s, master, func(tx *pfs.Tx) error {
		errs := []error{tx.PutFile("large", large, nil, 0), tx.MakeDir("empty", nil)}
		for _, path := range files {
			errs = append(errs, tx.PutFile(path, small, nil, 0))
		}
		return errors.Join(errs...)
	})
	if err := fstest.TestFS(fsOf(t, s), append(files, "large", "empty")...); err != nil {
		t.Error(err)
	}
}

func TestFSOfAnEmptyBranch(t *testing.T) {
	if err := fstest.TestFS(fsOf(t, newImages(t))); err != nil {
		t.Error(err)
	}
}

func TestFSErrors(t *testing.T) {
	s := newImages(t)
	update(t, s, master, func(tx *pfs.Tx) error {
		link := pfs.Entry{Kind: pfs.EntrySymlink, Mode: 0o777, Target: "f"}
		return errors.Join(tx.PutFile("f", ingest(t, s, "text"), nil, 0), tx.Create("link", link))
	})
	f := fsOf(t, s)
	for name, want := range map[string]error{
		"none": fs.ErrNotExist, "f/g": fs.ErrNotExist, "/f": fs.ErrInvalid, "../f": fs.ErrInvalid, "link": fs.ErrInvalid,
	} {
		if _, err := f.Open(name); !errors.Is(err, want) {
			t.Errorf("open %s: %v, want %v", name, err, want)
		}
	}
	if _, err := fs.ReadDir(f, "f"); err == nil {
		t.Error("a file was listed")
	}
	info, err := fs.Stat(f, "link")
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("link: %v (%v)", info, err)
	}
	if e, ok := info.Sys().(*pfs.Entry); !ok || e.Target != "f" {
		t.Errorf("Sys: %v", info.Sys())
	}
	file, err := f.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	seeker, ok := file.(io.ReadSeeker)
	if !ok {
		t.Fatal("the file cannot seek")
	}
	if _, err := seeker.Seek(2, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(seeker); err != nil || string(rest) != "xt" {
		t.Errorf("from 2 on: %q (%v)", rest, err)
	}
}
