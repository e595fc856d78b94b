package schema

import "time"

// Kind is the kind of an Entry.
type Kind uint8

// The kinds of entry.
const (
	KindFile Kind = 1 + iota
	KindDir
	KindSymlink
	KindFifo
	KindSocket
	KindCharDevice
	KindBlockDevice
	// KindLink is one name of a file that has several: all else about the file is in the commit's link tree.
	KindLink
)

// String returns the kind in one lower-case word.
func (k Kind) String() string {
	names := [...]string{"none", "file", "dir", "symlink", "fifo", "socket", "chardev", "blockdev", "link"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Change names the commit that made a change and its place in the order of all commits of the store.
type Change struct {
	// Commit is the commit's id.
	Commit ID
	// Gen is the commit's generation: it grows by one with every commit of the store, whatever its repo. A change in an open
	// commit has one of its own, not above the commit's.
	Gen uint64
}

// Totals sum up what is below a directory, at any depth, itself not counted.
type Totals struct {
	// Files counts the entries that are no directories.
	Files uint64 `json:"files"`
	// Dirs counts directories.
	Dirs uint64 `json:"dirs"`
	// Bytes sums the sizes of the regular files.
	Bytes uint64 `json:"bytes"`
	// Links counts the entries of KindLink.
	Links uint64 `json:"links"`
}

// Add returns the sum of t and u.
func (t Totals) Add(u Totals) Totals {
	return Totals{t.Files + u.Files, t.Dirs + u.Dirs, t.Bytes + u.Bytes, t.Links + u.Links}
}

// Sub returns t less u.
func (t Totals) Sub(u Totals) Totals {
	return Totals{t.Files - u.Files, t.Dirs - u.Dirs, t.Bytes - u.Bytes, t.Links - u.Links}
}

// Entry is a name in a directory and what it stands for. It is a value: its maps and slices are never changed once it is
// in a tree.
type Entry struct {
	// Name is one path component: 1 to 255 bytes of UTF-8 without '/' and NUL, neither "." nor "..". Empty for a root.
	Name string
	Kind Kind
	// Birth tells the entry from all others of its version, see NumberAt. It is drawn at random when the entry is made; 0 for
	// one that older programs made, and for roots and links.
	Birth uint64
	// Number, in entries that were looked up, is what NumberAt returned. It is not stored.
	Number uint64
	// Mode has the permission bits, setuid, setgid and sticky as Unix numbers them (at most 07777).
	Mode     uint32
	UID, GID uint32
	// Mtime, Ctime and Btime are when content, anything, and nothing yet was changed, in nanoseconds since 1970.
	Mtime, Ctime, Btime int64
	// Changed is the commit that last changed this entry. What a moved directory brought along has older ones: the latest
	// of an entry's own and of the Placed of each directory above it tells when a path last changed.
	Changed Change

	// Content, of KindFile.
	Content Content
	// Target, of KindSymlink.
	Target string
	// Device number, of KindCharDevice and KindBlockDevice.
	Device uint64
	// Link, of KindLink, is the key in the link tree.
	Link ID
	// NLink, in the link tree only, is how many names the file has.
	NLink uint32

	// Root, of KindDir, is the hash of the directory's top node; zero when it is empty.
	Root Hash
	// Totals, of KindDir, sum up what is below.
	Totals Totals
	// Explicit, of KindDir, is set when somebody made the directory itself, rather than only a file below it.
	Explicit bool
	// Placed, of KindDir, is the commit that put the directory here with all that was in it, if one did.
	Placed Change

	// Meta is what users attach to the entry; nil when nothing.
	Meta *Meta
}

// Meta is what users attach to an entry. Maps may be nil.
type Meta struct {
	// ContentType is the media type as given by who wrote the content; empty when nobody said.
	ContentType string
	// Headers are further content headers to be given back as they came, by lower-case name.
	Headers map[string]string
	// User is metadata of the user's own, by lower-case name.
	User map[string]string
	// Tags are the user's labels.
	Tags map[string]string
	// Checksums are digests that the writer asked to be kept, by algorithm in lower case; a value that was made of parts
	// ends in "-" and their number.
	Checksums map[string]string
	// Xattrs are extended attributes, by full name.
	Xattrs map[string][]byte
}

// IsDir reports whether e is a directory.
func (e *Entry) IsDir() bool { return e.Kind == KindDir }

// ModTime returns Mtime as a time in UTC.
func (e *Entry) ModTime() time.Time { return time.Unix(0, e.Mtime).UTC() }

// Size is the number of bytes of a file or of a link's target, 0 for all else.
func (e *Entry) Size() int64 {
	switch e.Kind {
	case KindFile:
		return e.Content.Size
	case KindSymlink:
		return int64(len(e.Target))
	}
	return 0
}

// SortKey is what entries of one directory are ordered by: the name, with '/' behind a directory's, so that a walk in
// this order yields whole paths in the order of their bytes.
func (e *Entry) SortKey() string {
	if e.IsDir() {
		return e.Name + "/"
	}
	return e.Name
}
