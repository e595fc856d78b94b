package pack

import (
	"errors"
	"fmt"
)

// Errors of this package, possibly wrapped. An error of the file system is wrapped too, and keeps its own identity.
var (
	// ErrCorrupt: bytes on disk are not those that were written. The error is a *CorruptError, which says where.
	ErrCorrupt = errors.New("pack: corrupt")
	// ErrNoSpace: the disk has, or after the write would have, too little room left. Nothing was stored.
	ErrNoSpace = errors.New("pack: no space left")
	// ErrNotFound: there is no such pack.
	ErrNotFound = errors.New("pack: no such pack")
	// ErrTooLarge: a record must have 1 to MaxRecord bytes.
	ErrTooLarge = errors.New("pack: record is empty or too large")
	// ErrClosed: the store is closed, or the Writer was released.
	ErrClosed = errors.New("pack: closed")
)

// CorruptError says where bytes on disk are wrong. errors.Is(err, ErrCorrupt) holds for it.
type CorruptError struct {
	// Pack is the id of the pack.
	Pack uint64
	// Offset is that of the wrong block, header or record in the pack.
	Offset int64
	// What is wrong with it.
	What string
}

// Error names the pack's file, the offset and what is wrong there.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("pack %s: offset %d: %s", fileName(e.Pack), e.Offset, e.What)
}

// Is reports whether target is ErrCorrupt.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }
