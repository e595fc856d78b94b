package schema

import (
	"encoding/hex"
	"errors"
)

// Hash is a BLAKE3-256 digest. The zero Hash stands for nothing: no node, no chunk.
type Hash [32]byte

// String returns h as 64 lower-case hex digits, as b3sum prints it.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether h stands for nothing.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText returns h as hex digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText sets h from 64 hex digits.
func (h *Hash) UnmarshalText(text []byte) error { return unhex(h[:], string(text)) }

// ID is a random 128-bit identifier: of a commit, an upload, a repo or a hard-linked file. The zero ID stands for none.
type ID [16]byte

// ParseID returns the ID that s, 32 hex digits, stands for.
func ParseID(s string) (ID, error) {
	var id ID
	err := unhex(id[:], s)
	return id, err
}

// String returns id as 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id stands for none.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText returns id as hex digits.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText sets id from 32 hex digits.
func (id *ID) UnmarshalText(text []byte) error { return unhex(id[:], string(text)) }

func unhex(dst []byte, s string) error {
	if len(s) != 2*len(dst) {
		return errors.New("schema: wrong number of hex digits")
	}
	_, err := hex.Decode(dst, []byte(s))
	return err
}
