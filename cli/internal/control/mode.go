package control

import (
	"fmt"
	"strconv"
)

// Mode are permission bits as Unix numbers them. JSON has them as people do: a string of four octal digits.
type Mode uint32

// MarshalText returns m in octal.
func (m Mode) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%04o", uint32(m)), nil }

// UnmarshalText sets m from octal digits.
func (m *Mode) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 8, 32)
	*m = Mode(n)
	return err
}
