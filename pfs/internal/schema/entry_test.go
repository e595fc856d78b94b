package schema_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pfsd/pfs/internal/schema"
)

// entries has one entry of every kind, and some with everything that they can have.
func entries() map[string]*schema.Entry {
	base := schema.Entry{
		Name: "name", Mode: 0o644, Mtime: 1_700_000_000_123_456_789, Ctime: 1_700_000_000_123_456_789,
		Btime: 1_700_000_000_123_456_789, Changed: schema.Change{Commit: id(1), Gen: 300},
	}
	with := func(change func(e *schema.Entry)) *schema.Entry {
		e := base
		change(&e)
		return &e
	}
	return map[string]*schema.Entry{
		"file-empty": with(func(e *schema.Entry) { e.Kind, e.Content = schema.KindFile, schema.Content{Hash: hash(3)} }),
		"file-chunk": with(func(e *schema.Entry) {
			e.Kind = schema.KindFile
			e.Content = schema.Content{Size: 5000, Kind: schema.RootChunk, Hash: hash(3), Root: hash(3)}
		}),
		"file-window": with(func(e *schema.Entry) {
			e.Kind = schema.KindFile
			e.Content = schema.Content{Size: 1 << 23, Kind: schema.RootWindow, Hash: hash(3), Root: hash(4)}
		}),
		"file-sparse": with(func(e *schema.Entry) {
			e.Kind = schema.KindFile
			e.Content = schema.Content{Size: 1 << 40, Kind: schema.RootNode, Sparse: true, Hash: hash(3), Root: hash(3)}
		}),
		"file-full": with(func(e *schema.Entry) {
			e.Kind, e.Mode, e.UID, e.GID = schema.KindFile, 0o7777, math.MaxUint32, 1000
			e.Mtime, e.Ctime, e.Btime, e.NLink = -5, math.MaxInt64, math.MinInt64, 3
			e.Content = schema.Content{Size: 1, Kind: schema.RootChunk, Hash: hash(3), Root: hash(3)}
			e.Meta = &schema.Meta{
				ContentType: "text/plain", Headers: map[string]string{"cache-control": "no-store", "a": ""},
				User: map[string]string{"ä": "ö"}, Tags: map[string]string{"t": "v"}, Checksums: map[string]string{"crc32c": "abc="},
				Xattrs: map[string][]byte{"user.b": {0, 1}, "user.a": {}},
			}
		}),
		"dir-empty": with(func(e *schema.Entry) { e.Kind = schema.KindDir }),
		"dir-full": with(func(e *schema.Entry) {
			e.Kind, e.Explicit, e.Root, e.Placed = schema.KindDir, true, hash(7), schema.Change{Commit: id(2), Gen: 7}
			e.Totals = schema.Totals{Files: 1000, Dirs: 3, Bytes: 1 << 50, Links: 2}
			e.Meta = &schema.Meta{Xattrs: map[string][]byte{"user.a": []byte("v")}}
		}),
		"file-born": with(func(e *schema.Entry) {
			e.Kind, e.Birth, e.Content = schema.KindFile, 0x0102030405060708, schema.Content{Hash: hash(3)}
		}),
		"dir-born": with(func(e *schema.Entry) {
			e.Kind, e.Birth, e.Root, e.Explicit = schema.KindDir, math.MaxUint64, hash(7), true
			e.Placed, e.Totals = schema.Change{Commit: id(2), Gen: 7}, schema.Totals{Files: 1, Bytes: 1 << 20}
		}),
		"born-full": with(func(e *schema.Entry) {
			e.Kind, e.Mode, e.UID, e.GID, e.Birth = schema.KindFile, 0o7777, math.MaxUint32, math.MaxUint32, math.MaxUint64
			e.Mtime, e.Ctime, e.Btime, e.NLink = math.MinInt64, math.MaxInt64, math.MaxInt64, math.MaxUint32
			e.Changed.Gen = math.MaxUint64
			e.Content = schema.Content{Size: math.MaxInt64, Kind: schema.RootNode, Hash: hash(3), Root: hash(4)}
		}),
		"symlink":  with(func(e *schema.Entry) { e.Kind, e.Target = schema.KindSymlink, "../target" }),
		"fifo":     with(func(e *schema.Entry) { e.Kind = schema.KindFifo }),
		"socket":   with(func(e *schema.Entry) { e.Kind = schema.KindSocket }),
		"chardev":  with(func(e *schema.Entry) { e.Kind, e.Device = schema.KindCharDevice, 0x10203 }),
		"blockdev": with(func(e *schema.Entry) { e.Kind, e.Device = schema.KindBlockDevice, math.MaxUint64 }),
		"link":     with(func(e *schema.Entry) { e.Kind, e.Link = schema.KindLink, id(9) }),
		"root":     with(func(e *schema.Entry) { e.Kind, e.Name = schema.KindDir, "" }),
	}
}

func TestEntriesAreAsInFormat1(t *testing.T) {
	encodings := map[string][]byte{}
	for name, e := range entries() {
		b := schema.AppendEntry(nil, e)
		encodings[name] = b
		if len(b) > e.Weight() {
			t.Errorf("%s: %d bytes, more than the weight of %d", name, len(b), e.Weight())
		}
		got, err := schema.DecodeEntry(b)
		if err != nil || !got.Equal(e) {
			t.Errorf("%s: decoded is %+v, %v, want %+v", name, got, err, e)
		}
		for n := range b {
			if _, err := schema.DecodeEntry(b[:n]); !errors.Is(err, schema.ErrMalformed) {
				t.Errorf("%s: its first %d bytes give %v", name, n, err)
			}
		}
		if _, err := schema.DecodeEntry(append(b[:len(b):len(b)], 0)); !errors.Is(err, schema.ErrMalformed) {
			t.Errorf("%s: a byte too many gives %v", name, err)
		}
	}
	golden(t, "entries.golden", encodings)
}

// TestEntrySize keeps the common entry small: a name of 20 bytes, one chunk, no metadata.
func TestEntrySize(t *testing.T) {
	e := entries()["file-chunk"]
	e.Name = strings.Repeat("n", 20)
	if n := len(schema.AppendEntry(nil, e)); n > 100 {
		t.Errorf("%d bytes", n)
	}
}

func TestValid(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(e *schema.Entry)
		valid  bool
	}{
		{"as it is", func(*schema.Entry) {}, true},
		{"name of 255", func(e *schema.Entry) { e.Name = strings.Repeat("x", 255) }, true},
		{"name of 256", func(e *schema.Entry) { e.Name = strings.Repeat("x", 256) }, false},
		{"no name", func(e *schema.Entry) { e.Name = "" }, false},
		{"dot", func(e *schema.Entry) { e.Name = "." }, false},
		{"dot dot", func(e *schema.Entry) { e.Name = ".." }, false},
		{"dots", func(e *schema.Entry) { e.Name = "..." }, true},
		{"slash", func(e *schema.Entry) { e.Name = "a/b" }, false},
		{"NUL", func(e *schema.Entry) { e.Name = "a\x00" }, false},
		{"not UTF-8", func(e *schema.Entry) { e.Name = "a\xff" }, false},
		{"no kind", func(e *schema.Entry) { e.Kind = 0 }, false},
		{"unknown kind", func(e *schema.Entry) { e.Kind = schema.KindLink + 1 }, false},
		{"mode", func(e *schema.Entry) { e.Mode = 0o100644 }, false},
		{"size", func(e *schema.Entry) { e.Content.Size = -1 }, false},
		{"root", func(e *schema.Entry) { e.Content.Kind = schema.RootNode + 1 }, false},
		{"target", func(e *schema.Entry) { e.Target = strings.Repeat("x", schema.MaxTarget+1) }, false},
		{"metadata", func(e *schema.Entry) {
			e.Meta = &schema.Meta{Xattrs: map[string][]byte{"a": make([]byte, schema.MaxEntry)}}
		}, false},
	} {
		e := *entries()["file-chunk"]
		tt.change(&e)
		if err := e.Valid(); (err == nil) != tt.valid || err != nil && !errors.Is(err, schema.ErrInvalid) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestCompareKeys holds CompareKeys against what it stands for.
func TestCompareKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func() *schema.Entry {
			kind := rapid.SampledFrom([]schema.Kind{schema.KindFile, schema.KindDir}).Draw(t, "kind")
			return &schema.Entry{Name: rapid.StringMatching(`[a!0.]{1,3}`).Draw(t, "name"), Kind: kind}
		}
		a, b := draw(), draw()
		if got, want := a.CompareKeys(b), strings.Compare(a.SortKey(), b.SortKey()); got != want {
			t.Fatalf("%q and %q: %d, want %d", a.SortKey(), b.SortKey(), got, want)
		}
	})
}

func FuzzDecodeEntry(f *testing.F) {
	for _, e := range entries() {
		f.Add(schema.AppendEntry(nil, e))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := schema.DecodeEntry(b)
		if err != nil {
			if !errors.Is(err, schema.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again := schema.AppendEntry(nil, &e); !bytes.Equal(again, b) {
			t.Fatalf("%x is encoded again as %x", b, again)
		}
		if len(b) > e.Weight() {
			t.Fatalf("%d bytes, weight %d", len(b), e.Weight())
		}
	})
}
