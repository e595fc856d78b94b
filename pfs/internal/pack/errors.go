package pack

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// Errors of this package, possibly wrapped. An error of the file system is wrapped too, and keeps its own identity.
var (
	// ErrCorrupt: bytes on disk are not those that were written, or the disk cannot read them. The error is a *CorruptError,
	// which says where.
	ErrCorrupt = errors.New("pack: corrupt")
	// ErrNoSpace: the disk has, or after the write would have, too little room left. Nothing was stored.
	ErrNoSpace = errors.New("pack: no space left")
	// ErrExhausted: the machine is short of descriptors or memory. What was asked was not done; it succeeds when the shortage is over.
	ErrExhausted = errors.New("pack: resources of the machine are used up for now")
	// ErrNotFound: there is no such pack.
	ErrNotFound = errors.New("pack: no such pack")
	// ErrTooLarge: a record must have 1 to MaxRecord bytes.
	ErrTooLarge = errors.New("pack: record is empty or too large")
	// ErrClosed: the store is closed, or the Writer was released.
	ErrClosed = errors.New("pack: closed")
)

// errVersion is the cause when a pack is of another version of the format.
var errVersion = errors.New("of the format is not known")

// CorruptError says where bytes on disk are wrong. errors.Is(err, ErrCorrupt) holds for it.
type CorruptError struct {
	// Pack is the id of the pack.
	Pack uint64
	// Offset is that of the wrong block, header or record in the pack.
	Offset int64
	// What is wrong with it.
	What string
	// Err is the cause, if there is one to be told: the error of the file system when it is one of the disk.
	Err error
}

// Error names the pack's file, the offset and what is wrong there.
func (e *CorruptError) Error() string {
	text := fmt.Sprintf("pack %s: offset %d: %s", fileName(e.Pack), e.Offset, e.What)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause, if there is one.
func (e *CorruptError) Unwrap() error { return e.Err }

// Is reports whether target is ErrCorrupt.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// unreadable reports whether err says that the disk cannot read what is on it, or that the file system knows it to be damaged;
// other errors, as that too many files are open, say nothing about what is there.
func unreadable(err error) bool {
	return slices.ContainsFunc([]error{syscall.EIO, syscall.EREMOTEIO, syscall.EUCLEAN, syscall.EBADMSG, syscall.ENODATA},
		func(e error) bool { return errors.Is(err, e) })
}
