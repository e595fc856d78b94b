package datadir

import (
	"os"

	"pfsd/pfs"
)

// contents is what a directory holds.
type contents struct {
	// store is set when a file of a store is there, whether or not all are.
	store bool
	// other is the name of one that is no file of a store; empty when there is none.
	other string
}

// look returns what the directory holds. A file system that was just made is empty but for the directory lost+found, and a
// store whose making was interrupted but for a file that never got its name.
func (d *Dir) look() (contents, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return contents{}, err
	}
	var held contents
	for _, e := range entries {
		switch name := e.Name(); {
		case name == "lost+found" && e.IsDir(), pfs.IsUnfinished(name):
		case isOurs(name), pfs.IsStoreFile(name):
			held.store = true
		default:
			held.other = name
		}
	}
	return held, nil
}

// isOurs reports whether this package gives the name.
func isOurs(name string) bool { return name == lockName || name == socketName || name == scratchName }
