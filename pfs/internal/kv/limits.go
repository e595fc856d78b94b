package kv

import (
	"errors"
	"fmt"
)

// ErrInvalid is returned, wrapped, for rows that no store takes: a key that is empty or larger than MaxKey, a value larger
// than MaxValue, a Batch larger than MaxCommit or of more than MaxCommitRows changes. Nothing was written.
var ErrInvalid = errors.New("kv: row or batch is not within the limits")

// MaxCommitRows is how many puts and deletes one Batch may have.
const MaxCommitRows = 32 << 10

// Check returns ErrInvalid, wrapped with the reason, when the row is not within the limits.
func (r Row) Check() error {
	if len(r.Key) == 0 || len(r.Key) > MaxKey || len(r.Value) > MaxValue {
		return fmt.Errorf("%w: key of %d bytes, value of %d", ErrInvalid, len(r.Key), len(r.Value))
	}
	return nil
}

// Check returns ErrInvalid, wrapped with the reason, when a row or the whole batch is not within the limits.
func (b Batch) Check() error {
	if n := len(b.Puts) + len(b.Deletes); n > MaxCommitRows {
		return fmt.Errorf("%w: batch of %d changes", ErrInvalid, n)
	}
	size := 0
	for _, r := range b.Puts {
		if err := r.Check(); err != nil {
			return err
		}
		size += r.Size()
	}
	for _, key := range b.Deletes {
		if err := (Row{Key: key}).Check(); err != nil {
			return err
		}
		size += len(key)
	}
	if size > MaxCommit {
		return fmt.Errorf("%w: batch of %d bytes", ErrInvalid, size)
	}
	return nil
}
