package pfs

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Limits of paths, in bytes.
const (
	// MaxName is the longest name of an entry.
	MaxName = 255
	// MaxPath is the longest path that something can be put at: one of 4,095 bytes, the most that Linux takes at once, from
	// a directory that is almost as deep, and short enough for a key of the path index. When a directory above is renamed, what is below it can come
	// to have a longer one, at which it is found, changed and removed as ever.
	MaxPath = 8000
)

// CheckPath returns nil when path is one that a file can be put at: components of 1 to 255 bytes of UTF-8 without NUL, neither
// "." nor "..", joined by single slashes, none first or last, 8,000 bytes in all. The empty path, which names the root, is
// valid too. The error is of KindInvalid or KindNameTooLong.
func CheckPath(path string) error {
	if len(path) > MaxPath {
		return &Error{Op: "pfs.CheckPath", Kind: KindNameTooLong, Path: path[:64] + "…", Err: errLongPath}
	}
	return checkNames(path)
}

// checkNames returns nil when path, however long, is one at which something can be.
func checkNames(path string) error {
	if path == "" {
		return nil
	}
	for name := range strings.SplitSeq(path, "/") {
		if err := CheckName(name); err != nil {
			bad := err.(*Error)
			return &Error{Op: "pfs.CheckPath", Kind: bad.Kind, Path: path, Err: bad.Err}
		}
	}
	return nil
}

// What is wrong with a path.
var (
	errLongPath = errors.New("a path has at most 8,000 bytes")
	errLongName = errors.New("a name has at most 255 bytes")
	errBadName  = errors.New("no name in a path is empty, . or .., or has a NUL")
	errNotUTF8  = errors.New("names are UTF-8")
)

// CheckName returns nil when name can be one component of a path.
func CheckName(name string) error {
	kind, why := KindInvalid, errBadName
	switch {
	case name == "", name == ".", name == "..", strings.ContainsAny(name, "/\x00"):
	case !utf8.ValidString(name):
		why = errNotUTF8
	case len(name) > MaxName:
		kind, why = KindNameTooLong, errLongName
	default:
		return nil
	}
	return &Error{Op: "pfs.CheckName", Kind: kind, Path: name, Err: why}
}

// splitPath returns the directory part and the last component of path; both are empty for the root.
func splitPath(path string) (dir, name string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// joinPath is the inverse of splitPath.
func joinPath(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
