package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Make opens the directory at path for a command that may make a store. It makes the directory when it is missing, and makes it
// private (mode 0700) when it is ours. empty is set when nothing of a store is in it and it is ours: the caller makes one. A
// directory that holds other things is refused, so that a mistyped path never turns somebody's files into a store.
func Make(path string) (d *Dir, empty bool, err error) {
	if err := makeDurably(path); err != nil {
		return nil, false, err
	}
	if d, err = find(path); err != nil {
		return nil, false, err
	}
	if !d.Ours() {
		return d, false, nil
	}
	held, err := d.look()
	if err != nil {
		return nil, false, err
	}
	if !held.store && held.other != "" {
		return nil, false, fmt.Errorf("%s holds %s, and no store: give an empty directory, or a new one", d.path, held.other)
	}
	return d, !held.store, d.makePrivate()
}

// makeDurably makes the directory at path and those above it that are missing, and syncs the ones that have a new name in
// them: no power cut is to take the whole store away.
func makeDurably(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(filepath.Clean(path))
	if err := makeDurably(above); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(above)
	if err != nil {
		return err
	}
	err = dir.Sync()
	// Some file systems cannot sync directories.
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}
