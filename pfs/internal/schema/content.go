package schema

// RootKind says what the root of a Content is.
type RootKind uint8

// The kinds of root.
const (
	// RootEmpty: no bytes, no root.
	RootEmpty RootKind = iota
	// RootChunk: the content is one chunk, and its Root is the chunk's hash, which is the content's own.
	RootChunk
	// RootWindow: the content fits in one window; Root is the hash of the window's record.
	RootWindow
	// RootNode: Root is the hash of the top node of the content's offset tree.
	RootNode
)

// Content is the bytes of a file as a value: how many they are, what they hash to and where their chunk lists begin. Two
// contents are equal, as Go values, exactly when their bytes are. It says nothing of where the bytes are stored.
type Content struct {
	// Size in bytes.
	Size int64
	// Hash is the BLAKE3-256 of the bytes; of the offset tree instead when Sparse.
	Hash Hash
	// Sparse is set when more than 4 GiB of the bytes are holes, for which no BLAKE3 is kept.
	Sparse bool
	// Kind says what Root is.
	Kind RootKind
	// Root is the hash of the top record of the chunk list; zero for RootEmpty.
	Root Hash
}

// ETag is the content's hash in hex, as `b3sum` prints it for the same bytes; with "-0" appended when it is that of a
// sparse content's offset tree.
func (c Content) ETag() string {
	if c.Sparse {
		return c.Hash.String() + "-0"
	}
	return c.Hash.String()
}
