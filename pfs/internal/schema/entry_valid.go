package schema

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of an Entry.
const (
	// MaxName is the longest name, in bytes.
	MaxName = 255
	// MaxTarget is the longest target of a symlink, in bytes.
	MaxTarget = 4095
	// MaxEntry is the largest Weight of an entry.
	MaxEntry = 256 << 10
	// maxMode has all the bits that a Mode may have.
	maxMode = 0o7777
	// entryOverhead bounds the encoded bytes of an entry that are neither in its name nor its target nor its Meta.
	entryOverhead = 200
)

// ErrInvalid is wrapped by the errors of Valid and ValidName.
var ErrInvalid = errors.New("invalid entry")

// ErrEntryTooLarge is returned by Valid for an entry whose metadata is too much for one.
var ErrEntryTooLarge = fmt.Errorf("%w: more than %d bytes of metadata", ErrInvalid, MaxEntry)

// ValidName returns nil when name can be the name of an entry, an error that wraps ErrInvalid when not.
func ValidName(name string) error {
	switch {
	case name == "", name == ".", name == "..":
		return fmt.Errorf("%w: name %q", ErrInvalid, name)
	case len(name) > MaxName:
		return fmt.Errorf("%w: name of %d bytes", ErrInvalid, len(name))
	case strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("%w: name %q has a slash or a NUL", ErrInvalid, name)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: name %q is not UTF-8", ErrInvalid, name)
	}
	return nil
}

// Valid returns nil when e can stand in a directory: its name is one and all its fields are in range. Else it returns an
// error that wraps ErrInvalid. Fields that e's kind does not have are not looked at, nor are they stored.
func (e *Entry) Valid() error {
	if err := ValidName(e.Name); err != nil {
		return err
	}
	return e.validBody()
}

// validBody is Valid but for the name.
func (e *Entry) validBody() error {
	switch {
	case e.Kind < KindFile || e.Kind > KindLink:
		return fmt.Errorf("%w: kind %d", ErrInvalid, e.Kind)
	case e.Mode > maxMode:
		return fmt.Errorf("%w: mode %o", ErrInvalid, e.Mode)
	case e.Content.Size < 0:
		return fmt.Errorf("%w: size %d", ErrInvalid, e.Content.Size)
	case e.Content.Kind > RootNode:
		return fmt.Errorf("%w: kind of content %d", ErrInvalid, e.Content.Kind)
	case len(e.Target) > MaxTarget:
		return fmt.Errorf("%w: target of %d bytes", ErrInvalid, len(e.Target))
	case e.Weight() > MaxEntry:
		return ErrEntryTooLarge
	}
	return nil
}

// Weight is an upper bound of the bytes that e takes in its node. It depends on nothing that is unknown before the entry
// is stored: on name, target and Meta alone.
func (e *Entry) Weight() int {
	w := entryOverhead + len(e.Name)
	if e.Kind == KindSymlink {
		w += len(e.Target)
	}
	return w + e.Meta.weight()
}

// weight bounds the encoded bytes of m: each string has at most 4 bytes of length before it, as has each map.
func (m *Meta) weight() int {
	if m.isEmpty() {
		return 0
	}
	w := 24 + len(m.ContentType)
	for _, strs := range [...]map[string]string{m.Headers, m.User, m.Tags, m.Checksums} {
		for k, v := range strs {
			w += 8 + len(k) + len(v)
		}
	}
	for k, v := range m.Xattrs {
		w += 8 + len(k) + len(v)
	}
	return w
}
