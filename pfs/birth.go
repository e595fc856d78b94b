package pfs

import (
	"encoding/binary"
	"fmt"
	"io"
)

// NewNumber returns a number that no entry has, for one that is to be made; see Tx.Create.
func (s *Store) NewNumber() (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(s.opts.Rand, b[:]); err != nil {
		return 0, fmt.Errorf("pfs: no randomness: %w", err)
	}
	return max(binary.BigEndian.Uint64(b[:]), 1), nil
}

// newBirth returns the birth of an entry that the transaction makes.
func (t *Tx) newBirth() (uint64, error) {
	t.needs |= needBirths
	return t.group.store.NewNumber()
}

// birthOf returns the birth of an entry that is made at path with a number; 0 for any.
func (t *Tx) birthOf(path string, number uint64) (uint64, error) {
	if number == 0 {
		return t.newBirth()
	}
	up, err := t.above(path)
	t.needs |= needBirths
	return up.birth(number), err
}

// above returns what the directories above path, which are there, say about what is at it.
func (t *Tx) above(path string) (above, error) {
	parent, _ := splitPath(path)
	dir, up, err := t.view.find(t.ctx, parent)
	return up.into(&dir.Entry), err
}

// keep gives an entry that is put where up is said the birth with which it has a number.
func (t *Tx) keep(e *Entry, number uint64, up above) {
	t.needs |= needBirths
	e.Birth = up.birth(number)
}

// newBirth returns the birth of an entry that is new to the result.
func (c *combiner) newBirth() (uint64, error) {
	if c.imagined {
		return 0, nil
	}
	c.needs |= needBirths
	return c.store.NewNumber()
}
