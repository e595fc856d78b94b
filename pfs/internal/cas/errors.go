package cas

import (
	"errors"
	"fmt"

	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// Errors of this package, possibly wrapped. Those of the key-value store, of the packs, of readers and of contexts come
// through as they are, or wrapped.
var (
	// ErrCorrupt: a row or the bytes of a chunk are missing or are not those that were written.
	ErrCorrupt = errors.New("cas: corrupt")
	// ErrInvalid: an argument can never be right, such as a range beyond a content's end.
	ErrInvalid = errors.New("cas: invalid argument")
	// ErrLost: the disk failed to take what an ingest had written, so what it returned must not be linked.
	ErrLost = errors.New("cas: bytes were lost before they were on disk")
	// ErrTooLarge: a content would have more than 2^63-1 bytes.
	ErrTooLarge = errors.New("cas: too large")
)

// corrupt returns an ErrCorrupt that says what is wrong with the thing of the given hash.
func corrupt(what string, h schema.Hash, format string, args ...any) error {
	return fmt.Errorf("%w: %s %v: %s", ErrCorrupt, what, h, fmt.Sprintf(format, args...))
}

// classify makes damage that a pack has found in the chunk h an ErrCorrupt, and leaves all other errors as they are.
func classify(h schema.Hash, err error) error {
	if errors.Is(err, pack.ErrCorrupt) || errors.Is(err, pack.ErrNotFound) {
		return fmt.Errorf("%w: chunk %v: %w", ErrCorrupt, h, err)
	}
	return err
}
