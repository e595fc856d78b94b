package pfs

import (
	"errors"
	"strings"
)

// ReservedName is the name at the root of a version that no entry can be given: doors show there what is no entry.
const ReservedName = ".pfs"

// errReserved is why.
var errReserved = errors.New("the name " + ReservedName + " in the root is reserved")

// checkNewPath checks a path, not the root's, that an entry is to be put at. The error is of KindInvalid or
// KindNameTooLong.
func checkNewPath(op, path string) error {
	if path == ReservedName || strings.HasPrefix(path, ReservedName+"/") {
		return &Error{Op: op, Kind: KindInvalid, Path: path, Err: errReserved}
	}
	if path == "" {
		return fail(op, KindInvalid, path)
	}
	return CheckPath(path)
}
