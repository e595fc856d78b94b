package schema

import (
	"encoding/binary"
	"slices"
)

// The bytes of an entry
//
// An entry is stored as its name and its body; how the name is written depends on where the entry stands. All numbers
// are unsigned LEB128 in the shortest form ("uvarint"), or zigzag in a uvarint where they can be negative ("varint").
//
//	body   = head mode uid gid mtime [ctime btime] change [nlink] kind-specific [meta]
//	head   = 1 byte: the kind in the low 4 bits; 0x10: meta follows; 0x20: ctime and btime follow; 0x40: nlink follows
//	mode, uid, gid, nlink: uvarint
//	mtime  = varint, nanoseconds since 1970
//	ctime, btime: varint, less mtime; both absent when both equal mtime
//	change = in a leaf: uvarint, index in the leaf's table of changes; elsewhere: 16 bytes commit id, uvarint generation
//
// Kind-specific, nothing for fifos and sockets:
//
//	file    = 1 byte: kind of root in the low 2 bits, 0x04: sparse; uvarint size; 32 bytes hash; 32 bytes root unless
//	          the kind of root is empty (no root) or chunk (the root is the hash)
//	dir     = 1 byte: 0x01 explicit, 0x02 root follows, 0x04 placed follows; [32 bytes root]; uvarints files, dirs,
//	          bytes, links; [placed, as change]
//	symlink = uvarint length, target
//	chardev, blockdev = uvarint device number
//	link    = 16 bytes link id
//
// Meta is present only when it holds something:
//
//	meta   = 1 byte with a bit for each part that is not empty, in the order of the parts;
//	         [string content type]; maps headers, user, tags, checksums, xattrs
//	map    = uvarint count, at least 1; key and value, as strings, in ascending order of keys
//	string = uvarint length, bytes

// Bits of the first byte of a body, above the kind.
const (
	headKind  = 0x0f
	headMeta  = 0x10
	headTimes = 0x20
	headNLink = 0x40
	headBirth = 0x80
)

// Bits of the first byte of a file's part.
const (
	fileRootKind = 0x03
	fileSparse   = 0x04
)

// Bits of the first byte of a directory's part.
const (
	dirExplicit = 0x01
	dirRoot     = 0x02
	dirPlaced   = 0x04
)

// Bits of the first byte of a Meta.
const (
	metaContentType = 1 << iota
	metaHeaders
	metaUser
	metaTags
	metaChecksums
	metaXattrs
	metaAll = 1<<iota - 1
)

// changeTable holds the distinct changes of a leaf in ascending order. A nil table stands for none: changes are then
// written where they belong.
type changeTable []Change

// AppendEntry appends the encoding of e, by itself, to b: name as a string, then the body. e's fields must be in range,
// as Valid has it, though the name may be empty.
func AppendEntry(b []byte, e *Entry) []byte {
	return appendBody(appendString(b, e.Name), e, nil)
}

// appendBody appends e without its name.
func appendBody(b []byte, e *Entry, table changeTable) []byte {
	head := byte(e.Kind) & headKind
	meta := !e.Meta.isEmpty()
	if meta {
		head |= headMeta
	}
	times := e.Ctime != e.Mtime || e.Btime != e.Mtime
	if times {
		head |= headTimes
	}
	if e.NLink != 0 {
		head |= headNLink
	}
	if e.Birth != 0 {
		head |= headBirth
	}
	b = append(b, head)
	if e.Birth != 0 {
		b = binary.BigEndian.AppendUint64(b, e.Birth)
	}
	b = binary.AppendUvarint(b, uint64(e.Mode))
	b = binary.AppendUvarint(b, uint64(e.UID))
	b = binary.AppendUvarint(b, uint64(e.GID))
	b = binary.AppendVarint(b, e.Mtime)
	if times {
		b = binary.AppendVarint(b, e.Ctime-e.Mtime)
		b = binary.AppendVarint(b, e.Btime-e.Mtime)
	}
	b = table.append(b, e.Changed)
	if e.NLink != 0 {
		b = binary.AppendUvarint(b, uint64(e.NLink))
	}
	b = appendKind(b, e, table)
	if meta {
		b = appendMeta(b, e.Meta)
	}
	return b
}

// appendKind appends what only entries of e's kind have.
func appendKind(b []byte, e *Entry, table changeTable) []byte {
	switch e.Kind {
	case KindFile:
		return appendContent(b, &e.Content)
	case KindDir:
		return appendDir(b, e, table)
	case KindSymlink:
		return appendString(b, e.Target)
	case KindCharDevice, KindBlockDevice:
		return binary.AppendUvarint(b, e.Device)
	case KindLink:
		return append(b, e.Link[:]...)
	}
	return b
}

func appendContent(b []byte, c *Content) []byte {
	flags := byte(c.Kind) & fileRootKind
	if c.Sparse {
		flags |= fileSparse
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(c.Size))
	b = append(b, c.Hash[:]...)
	if c.Kind == RootWindow || c.Kind == RootNode {
		b = append(b, c.Root[:]...)
	}
	return b
}

func appendDir(b []byte, e *Entry, table changeTable) []byte {
	var flags byte
	if e.Explicit {
		flags |= dirExplicit
	}
	if !e.Root.IsZero() {
		flags |= dirRoot
	}
	if e.Placed != (Change{}) {
		flags |= dirPlaced
	}
	b = append(b, flags)
	if flags&dirRoot != 0 {
		b = append(b, e.Root[:]...)
	}
	b = appendTotals(b, e.Totals)
	if flags&dirPlaced != 0 {
		b = table.append(b, e.Placed)
	}
	return b
}

func appendTotals(b []byte, t Totals) []byte {
	b = binary.AppendUvarint(b, t.Files)
	b = binary.AppendUvarint(b, t.Dirs)
	b = binary.AppendUvarint(b, t.Bytes)
	return binary.AppendUvarint(b, t.Links)
}

func appendMeta(b []byte, m *Meta) []byte {
	at := len(b)
	b = append(b, 0)
	if m.ContentType != "" {
		b[at] |= metaContentType
		b = appendString(b, m.ContentType)
	}
	for i, strs := range [...]map[string]string{m.Headers, m.User, m.Tags, m.Checksums} {
		if len(strs) > 0 {
			b[at] |= metaHeaders << i
			b = appendMap(b, strs)
		}
	}
	if len(m.Xattrs) > 0 {
		b[at] |= metaXattrs
		b = appendMap(b, m.Xattrs)
	}
	return b
}

func appendMap[V string | []byte](b []byte, m map[string]V) []byte {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = binary.AppendUvarint(b, uint64(len(m)))
	for _, k := range keys {
		b = appendString(b, k)
		b = binary.AppendUvarint(b, uint64(len(m[k])))
		b = append(b, m[k]...)
	}
	return b
}

func appendChange(b []byte, c Change) []byte {
	b = append(b, c.Commit[:]...)
	return binary.AppendUvarint(b, c.Gen)
}

// append appends c as an index in t, or c itself when there is no table.
func (t changeTable) append(b []byte, c Change) []byte {
	if t == nil {
		return appendChange(b, c)
	}
	i, _ := slices.BinarySearchFunc(t, c, compareChanges)
	return binary.AppendUvarint(b, uint64(i))
}
