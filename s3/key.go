package s3

import (
	"strings"

	"pfsd/pfs"
)

// maxKey is the longest key, in bytes.
const maxKey = 1024

// objectKey is a key as a path: of a file, or of a directory when the key ends in a slash.
type objectKey struct {
	path string
	dir  bool
}

// parseKey returns the path that key names. Only a key that could be written has one.
func parseKey(key string) (objectKey, error) {
	path, dir := strings.CutSuffix(key, "/")
	switch err := pfs.CheckPath(path); {
	case len(key) > maxKey:
		return objectKey{}, fail(codeKeyTooLong)
	case err != nil:
		return objectKey{}, err
	case path == "":
		return objectKey{}, failf(codeInvalidArgument, "A key must not be empty.")
	}
	return objectKey{path: path, dir: dir}, nil
}

// writableKey returns the path that q writes to.
func (q *request) writableKey() (objectKey, error) {
	key, err := parseKey(q.key)
	if pfs.KindOf(err) == pfs.KindInvalid {
		return key, &apiError{code: codeInvalidArgument, cause: err, message: "A key is UTF-8 without NUL and has no empty, " +
			"\".\" or \"..\" component between slashes, nor a slash in front."}
	}
	return key, err
}
