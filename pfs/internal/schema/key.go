package schema

import (
	"bytes"
	"encoding/binary"
)

// The first byte of every key says what its row is. Numbers in keys are 8 bytes, big-endian.
const (
	keyMeta    = 'm' // m → StoreRecord: the counters
	keyRepo    = 'r' // r name → RepoRecord
	keyBranch  = 'b' // b repo-id name → BranchRecord
	keyTag     = 't' // t repo-id name → TagRecord
	keyCommit  = 'c' // c commit-id → CommitRecord
	keyLine    = 'l' // l line → LineRecord
	keySeq     = 'q' // q line seq → commit-id
	keyPath    = 'p' // p line path 0 ^seq → PathRecord
	keySubtree = 's' // s line path 0 ^seq → SubtreeRecord
	keyNode    = 'n' // n hash → tree node
	keyChunk   = 'k' // k hash → chunk
	keyWindow  = 'w' // w hash → window or offset tree node
	keyUpload  = 'u' // u upload-id → UploadRecord
	keyPart    = 'v' // v upload-id number(4) → PartRecord
	keyParked  = 'y' // y repo-id branch 0 path 0 upload-id → empty
	keyOpen    = 'o' // o commit-id → OpenCommitRecord
	keyAlias   = 'a' // a commit-id → commit-id that took its place
	keyTomb    = 'x' // x repo-id kind name 0 time → TombstoneRecord
	keyMove    = 'h' // h line → MoveRecord
)

// MetaKey is the key of the store's own record.
func MetaKey() []byte { return []byte{keyMeta} }

// RepoKey is the key of a RepoRecord.
func RepoKey(name string) []byte { return append([]byte{keyRepo}, name...) }

// RepoPrefix is the prefix of all RepoKeys.
func RepoPrefix() []byte { return []byte{keyRepo} }

// BranchKey is the key of a BranchRecord.
func BranchKey(repo ID, name string) []byte { return append(BranchPrefix(repo), name...) }

// BranchPrefix is the prefix of the BranchKeys of a repo.
func BranchPrefix(repo ID) []byte { return append([]byte{keyBranch}, repo[:]...) }

// TagKey is the key of a TagRecord.
func TagKey(repo ID, name string) []byte { return append(TagPrefix(repo), name...) }

// TagPrefix is the prefix of the TagKeys of a repo.
func TagPrefix(repo ID) []byte { return append([]byte{keyTag}, repo[:]...) }

// CommitKey is the key of a CommitRecord.
func CommitKey(id ID) []byte { return append([]byte{keyCommit}, id[:]...) }

// CommitPrefix is the prefix of all CommitKeys.
func CommitPrefix() []byte { return []byte{keyCommit} }

// AliasKey is the key of the row that names the commit which took the place of one that was thinned out.
func AliasKey(id ID) []byte { return append([]byte{keyAlias}, id[:]...) }

// AliasPrefix is the prefix of all AliasKeys.
func AliasPrefix() []byte { return []byte{keyAlias} }

// LineKey is the key of a LineRecord.
func LineKey(line uint64) []byte { return binary.BigEndian.AppendUint64([]byte{keyLine}, line) }

// LinePrefix is the prefix of all LineKeys.
func LinePrefix() []byte { return []byte{keyLine} }

// SeqKey is the key of the row that gives the commit at a place of a line.
func SeqKey(line, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte{keySeq}, line), seq)
}

// SeqPrefix is the prefix of the SeqKeys of a line.
func SeqPrefix(line uint64) []byte { return binary.BigEndian.AppendUint64([]byte{keySeq}, line) }

// ParseSeqKey returns the place on its line that a SeqKey is of.
func ParseSeqKey(key []byte) (seq uint64, ok bool) {
	if len(key) != 17 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[9:]), true
}

// PathKey is the key of a PathRecord: those of one path sort newest first.
func PathKey(line uint64, path string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(PathPrefix(line, path), ^seq)
}

// PathPrefix is the prefix of the PathKeys of one path.
func PathPrefix(line uint64, path string) []byte { return indexPrefix(keyPath, line, path) }

// SubtreeKey is the key of a SubtreeRecord: those of one path sort newest first.
func SubtreeKey(line uint64, path string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(SubtreePrefix(line, path), ^seq)
}

// SubtreePrefix is the prefix of the SubtreeKeys of one path.
func SubtreePrefix(line uint64, path string) []byte { return indexPrefix(keySubtree, line, path) }

// PathRows and SubtreeRows are the prefixes of all rows of the path index.
func PathRows() []byte { return []byte{keyPath} }

// SubtreeRows see PathRows.
func SubtreeRows() []byte { return []byte{keySubtree} }

func indexPrefix(kind byte, line uint64, path string) []byte {
	b := binary.BigEndian.AppendUint64(append(make([]byte, 0, len(path)+18), kind), line)
	return append(append(b, path...), 0)
}

// ParseIndexKey returns what a PathKey or SubtreeKey was made of.
func ParseIndexKey(key []byte) (line uint64, path string, seq uint64, ok bool) {
	if len(key) < 18 || key[len(key)-9] != 0 {
		return 0, "", 0, false
	}
	line = binary.BigEndian.Uint64(key[1:])
	path = string(key[9 : len(key)-9])
	return line, path, ^binary.BigEndian.Uint64(key[len(key)-8:]), true
}

// NodeKey is the key of a tree node.
func NodeKey(h Hash) []byte { return append([]byte{keyNode}, h[:]...) }

// ChunkKey is the key of a chunk.
func ChunkKey(h Hash) []byte { return append([]byte{keyChunk}, h[:]...) }

// WindowKey is the key of a window's record or an offset tree's node.
func WindowKey(h Hash) []byte { return append([]byte{keyWindow}, h[:]...) }

// AllBranches, AllTags, AllParts and AllSeqs are the prefixes of all rows of a kind.
func AllBranches() []byte { return []byte{keyBranch} }

// AllTags see AllBranches.
func AllTags() []byte { return []byte{keyTag} }

// AllParts see AllBranches.
func AllParts() []byte { return []byte{keyPart} }

// AllSeqs see AllBranches.
func AllSeqs() []byte { return []byte{keySeq} }

// ParseLineKey returns the line that a LineKey or MoveKey is of, or a SeqKey on.
func ParseLineKey(key []byte) (line uint64, ok bool) {
	if len(key) < 9 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[1:]), true
}

// PathRowsOf is the prefix of the PathKeys of a line, and SubtreeRowsOf of its SubtreeKeys.
func PathRowsOf(line uint64) []byte { return binary.BigEndian.AppendUint64([]byte{keyPath}, line) }

// SubtreeRowsOf see PathRowsOf.
func SubtreeRowsOf(line uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{keySubtree}, line)
}

// NodeRows, ChunkRows and WindowRows are the prefixes of all rows of a kind.
func NodeRows() []byte { return []byte{keyNode} }

// ChunkRows see NodeRows.
func ChunkRows() []byte { return []byte{keyChunk} }

// WindowRows see NodeRows.
func WindowRows() []byte { return []byte{keyWindow} }

// NameRows are the prefixes of the store's own records and of all rows that give names to something: of which there are never
// many, and one that cannot be read must not be taken for one that is not there.
func NameRows() [][]byte {
	return [][]byte{{keyMeta}, {keyRepo}, {keyBranch}, {keyTag}, {keyOpen}, {keyTomb}}
}

// UploadKey is the key of an UploadRecord.
func UploadKey(id ID) []byte { return append([]byte{keyUpload}, id[:]...) }

// UploadPrefix is the prefix of all UploadKeys.
func UploadPrefix() []byte { return []byte{keyUpload} }

// PartKey is the key of a PartRecord.
func PartKey(id ID, number int) []byte {
	return binary.BigEndian.AppendUint32(PartPrefix(id), uint32(number))
}

// PartPrefix is the prefix of the PartKeys of an upload.
func PartPrefix(id ID) []byte { return append([]byte{keyPart}, id[:]...) }

// ParsePartKey returns the number of the part.
func ParsePartKey(key []byte) (number int, ok bool) {
	if len(key) != 21 {
		return 0, false
	}
	return int(binary.BigEndian.Uint32(key[17:])), true
}

// ParkedKey is the key of the row that lists an upload under its branch and path.
func ParkedKey(repo ID, branch, path string, id ID) []byte {
	return append(append(append(ParkedPrefix(repo, branch), path...), 0), id[:]...)
}

// ParkedPrefix is the prefix of the ParkedKeys of a branch.
func ParkedPrefix(repo ID, branch string) []byte {
	return append(append(append([]byte{keyParked}, repo[:]...), branch...), 0)
}

// ParseParkedKey returns path and upload of a ParkedKey.
func ParseParkedKey(key []byte) (path string, id ID, ok bool) {
	if len(key) < 17 {
		return "", ID{}, false
	}
	_, rest, found := bytes.Cut(key[17:], []byte{0})
	if !found || len(rest) < 17 || rest[len(rest)-17] != 0 {
		return "", ID{}, false
	}
	copy(id[:], rest[len(rest)-16:])
	return string(rest[:len(rest)-17]), id, true
}

// OpenKey is the key of an OpenCommitRecord.
func OpenKey(id ID) []byte { return append([]byte{keyOpen}, id[:]...) }

// OpenPrefix is the prefix of all OpenKeys.
func OpenPrefix() []byte { return []byte{keyOpen} }

// TombKey is the key of a TombstoneRecord; kind is the first byte of the deleted record's own key.
func TombKey(repo ID, kind byte, name string, time int64) []byte {
	b := append(append([]byte{keyTomb}, repo[:]...), kind)
	return binary.BigEndian.AppendUint64(append(append(b, name...), 0), uint64(time))
}

// TombPrefix is the prefix of all TombKeys.
func TombPrefix() []byte { return []byte{keyTomb} }

// ParseTombKey returns what a TombKey was made of.
func ParseTombKey(key []byte) (repo ID, kind byte, name string, time int64, ok bool) {
	const fixed = 1 + 16 + 1 + 1 + 8
	if len(key) < fixed || key[len(key)-9] != 0 {
		return ID{}, 0, "", 0, false
	}
	copy(repo[:], key[1:])
	name = string(key[18 : len(key)-9])
	return repo, key[17], name, int64(binary.BigEndian.Uint64(key[len(key)-8:])), true
}
