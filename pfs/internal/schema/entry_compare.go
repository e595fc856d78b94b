package schema

import (
	"bytes"
	"cmp"
	"maps"
	"strings"
)

// CompareKeys compares the sort keys of e and o as bytes, like strings.Compare of their SortKeys, but builds neither.
func (e *Entry) CompareKeys(o *Entry) int {
	n := min(len(e.Name), len(o.Name))
	if c := strings.Compare(e.Name[:n], o.Name[:n]); c != 0 {
		return c
	}
	return cmp.Compare(e.keyByte(n), o.keyByte(n))
}

// keyByte is byte i of the sort key, -1 behind its end. No name has a '/', so that one such byte settles a comparison.
func (e *Entry) keyByte(i int) int {
	switch {
	case i < len(e.Name):
		return int(e.Name[i])
	case e.IsDir():
		return '/'
	}
	return -1
}

// Equal reports whether e and o are the same in every field. A Meta that holds nothing equals none.
func (e *Entry) Equal(o *Entry) bool {
	if e == o {
		return true
	}
	a, b := *e, *o
	a.Meta, b.Meta = nil, nil
	return a == b && e.Meta.equal(o.Meta)
}

func (m *Meta) isEmpty() bool {
	return m == nil || m.ContentType == "" &&
		len(m.Headers)+len(m.User)+len(m.Tags)+len(m.Checksums)+len(m.Xattrs) == 0
}

func (m *Meta) equal(o *Meta) bool {
	if m == o || m.isEmpty() && o.isEmpty() {
		return true
	}
	if m == nil || o == nil {
		return false
	}
	return m.ContentType == o.ContentType && maps.Equal(m.Headers, o.Headers) && maps.Equal(m.User, o.User) &&
		maps.Equal(m.Tags, o.Tags) && maps.Equal(m.Checksums, o.Checksums) && maps.EqualFunc(m.Xattrs, o.Xattrs, bytes.Equal)
}
