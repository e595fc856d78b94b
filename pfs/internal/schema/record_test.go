package schema_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/pfs/internal/schema"
)

var update = flag.Bool("update-records", false, "write testdata/records.golden anew: only together with a new format version")

// record is what all records of the store have in common.
type record interface{ Append(b []byte) []byte }

func id(b byte) (v schema.ID)     { return schema.ID(bytes.Repeat([]byte{b}, 16)) }
func hash(b byte) (v schema.Hash) { return schema.Hash(bytes.Repeat([]byte{b}, 32)) }

var root = schema.Entry{
	Kind: schema.KindDir, Mode: 0o755, UID: 1000, GID: 100, Mtime: 30, Ctime: 30, Btime: 10, Explicit: true, Root: hash(9),
	Totals: schema.Totals{Files: 3, Dirs: 1, Bytes: 1 << 40}, Changed: schema.Change{Commit: id(4), Gen: 5},
}

// samples has one record of each sort, with every field in use.
func samples() map[string]record {
	branch := schema.BranchRecord{Created: 10, Head: id(2), Line: 3, Seq: 4, Bare: true, Keep: "forever", Pending: &schema.PendingRecord{
		ID: id(5), Gen: 6, Time: 7, Origin: 3, Author: "ann", Root: root, Links: hash(8),
	}}
	settings := branch
	settings.Settings = map[string]string{"a": "1", "b": "\x00"}
	return map[string]record{
		"branch-settings": &settings,
		"store":           &schema.StoreRecord{Gen: 300, Line: 2},
		"commit": &schema.CommitRecord{
			Repo: id(1), Parents: []schema.ID{id(2), id(3)}, Line: 4, Seq: 5, Gen: 600, Time: -7, Origin: 2, Author: "bob",
			Message: "why", Root: root, Links: hash(8),
		},
		"line":   &schema.LineRecord{Repo: id(1), Parent: 2, Seq: 300, Gaps: true},
		"repo":   &schema.RepoRecord{ID: id(1), Created: 1 << 60},
		"branch": &branch,
		"tag":    &schema.TagRecord{Commit: id(1), Created: 2},
		"open":   &schema.OpenCommitRecord{Repo: id(1), Branch: "dev", Base: id(2), State: branch, Author: "ann", Message: "m"},
		"tomb":   &schema.TombstoneRecord{Repo: "images", Record: []byte("as it was")},
		"path":   &schema.PathRecord{Op: schema.PathPut, Commit: id(1), Kind: schema.KindFile, Hash: hash(2), Size: 300},
		"path-detail": &schema.PathRecord{Op: schema.PathPut, Commit: id(1), Kind: schema.KindFile, Hash: hash(2), Size: 300,
			Detail: &schema.PathDetail{Time: 1 << 60, Ctime: 1<<60 - 1, Marks: schema.MarkSparse | 3}},
		"removed-detail": &schema.PathRecord{Op: schema.PathRemoved, Commit: id(1), Detail: &schema.PathDetail{Time: 7}},
		"removed":        &schema.PathRecord{Op: schema.PathRemoved, Commit: id(1)},
		"subtree":        &schema.SubtreeRecord{Commit: id(1), Old: hash(2), New: hash(3)},
		"upload": &schema.UploadRecord{Repo: id(1), Branch: "master", Path: "a/b", Started: 5, Meta: &schema.Meta{
			ContentType: "text/plain", User: map[string]string{"b": "2", "a": "1"},
		}},
		"scrub": &schema.ScrubRecord{Started: 1 << 60, Read: 300, Damaged: 1, Next: []byte("k\x07")},
		"packs": &schema.PacksRecord{Last: 300},
		"move": &schema.MoveRecord{Time: 1 << 60, Origin: 1, Author: "ann", Why: "reset to v1.images", Head: id(2), Place: 300,
			Line: 3, Seq: 4, Old: id(5)},
		"salvage": &schema.SalvageRecord{Time: 1 << 60, Lost: []schema.LostRows{
			{File: "000001.sst", Why: "bytes 0 to 4096 have a wrong checksum", First: []byte("k\x07"), Last: []byte("k\x09")}, {File: "x"},
		}},
		"part": &schema.PartRecord{Modified: 5, Checksums: map[string]string{"sha256": "x", "crc32": "y"}, Part: []byte("part")},
	}
}

// decoders takes the bytes of each sort apart, and puts them together again.
var decoders = map[string]func(b []byte) (record, error){
	"store":           decoder(schema.DecodeStore),
	"commit":          decoder(schema.DecodeCommit),
	"line":            decoder(schema.DecodeLine),
	"repo":            decoder(schema.DecodeRepo),
	"branch":          decoder(schema.DecodeBranch),
	"branch-settings": decoder(schema.DecodeBranch),
	"tag":             decoder(schema.DecodeTag),
	"open":            decoder(schema.DecodeOpenCommit),
	"tomb":            decoder(schema.DecodeTombstone),
	"path":            decoder(schema.DecodePath),
	"removed":         decoder(schema.DecodePath),
	"path-detail":     decoder(schema.DecodePath),
	"removed-detail":  decoder(schema.DecodePath),
	"subtree":         decoder(schema.DecodeSubtree),
	"upload":          decoder(schema.DecodeUpload),
	"part":            decoder(schema.DecodePart),
	"scrub":           decoder(schema.DecodeScrub),
	"packs":           decoder(schema.DecodePacks),
	"move":            decoder(schema.DecodeMove),
	"salvage":         decoder(schema.DecodeSalvage),
}

func decoder[T any, P interface {
	*T
	record
}](decode func([]byte) (T, error)) func([]byte) (record, error) {
	return func(b []byte) (record, error) {
		v, err := decode(b)
		return P(&v), err
	}
}

// extended are the samples that have what older programs did not write behind the bytes of another.
var extended = map[string]string{"branch-settings": "branch", "path-detail": "path", "removed-detail": "removed"}

// goldenRecords returns the bytes that each sample had when format 1 was fixed.
func goldenRecords(t testing.TB) map[string]string {
	text, err := os.ReadFile(filepath.Join("testdata", "records.golden"))
	if err != nil {
		t.Fatal(err)
	}
	golden := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		golden[name] = value
	}
	return golden
}

func TestRecordsAreAsInFormat1(t *testing.T) {
	if *update {
		var b strings.Builder
		for name, sample := range samples() {
			b.WriteString(name + " " + hex.EncodeToString(sample.Append(nil)) + "\n")
		}
		if err := os.WriteFile(filepath.Join("testdata", "records.golden"), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden := goldenRecords(t)
	for name, sample := range samples() {
		encoded := sample.Append(nil)
		if got := hex.EncodeToString(encoded); got != golden[name] {
			t.Errorf("%s: %s, want %s", name, got, golden[name])
		}
		again, err := decoders[name](encoded)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(again.Append(nil), encoded) {
			t.Errorf("%s: decoded and encoded again it is %x, not %x", name, again.Append(nil), encoded)
		}
		for n := range encoded {
			if plain := golden[extended[name]]; n == len(plain)/2 && n > 0 {
				continue // without what has been added
			}
			if _, err := decoders[name](encoded[:n]); err == nil {
				t.Errorf("%s: its first %d bytes are taken for a record", name, n)
			}
		}
		most := 1
		if name == "removed" {
			most = 2 // one is a detail
		}
		if _, err := decoders[name](append(encoded, make([]byte, most)...)); err == nil {
			t.Errorf("%s: a byte too many is not noticed", name)
		}
	}
}

func FuzzRecords(f *testing.F) {
	for name, sample := range samples() {
		f.Add(name, sample.Append(nil))
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		decode := decoders[name]
		if decode == nil {
			return
		}
		if v, err := decode(b); err == nil && !bytes.Equal(v.Append(nil), b) {
			t.Errorf("%s: %x is encoded again as %x", name, b, v.Append(nil))
		}
	})
}

func TestKeys(t *testing.T) {
	key := schema.PathKey(7, "a/b", 300)
	if line, path, seq, ok := schema.ParseIndexKey(key); !ok || line != 7 || path != "a/b" || seq != 300 {
		t.Errorf("path key: %d %q %d %v", line, path, seq, ok)
	}
	if bytes.Compare(schema.PathKey(7, "a/b", 301), key) >= 0 {
		t.Error("newer rows do not come first")
	}
	if !bytes.HasPrefix(key, schema.PathPrefix(7, "a/b")) || bytes.HasPrefix(schema.PathKey(7, "a/bc", 1), schema.PathPrefix(7, "a/b")) {
		t.Error("the prefix of a path has other rows than its own")
	}
	parked := schema.ParkedKey(id(1), "master", "a/b", id(0))
	if path, upload, ok := schema.ParseParkedKey(parked); !ok || path != "a/b" || upload != id(0) {
		t.Errorf("parked key: %q %v %v", path, upload, ok)
	}
	if number, ok := schema.ParsePartKey(schema.PartKey(id(1), 10000)); !ok || number != 10000 {
		t.Errorf("part key: %d %v", number, ok)
	}
}
