// Package format reads a store by what FORMAT.md says, and by nothing else: none of the code that wrote it is used.
package format

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"lukechampine.com/blake3"
)

// reader reads files from a store that nobody has open.
type reader struct {
	dir string
	db  *badger.DB
	// deltas is how many nodes were read that are stored as deltas.
	deltas int
	// births is how many entries were looked up that have a birth.
	births int
}

// openReader opens the store in dir, which must be of format 1, or of format 2 with no more than births (FORMAT.md, section 2).
func openReader(dir string) (*reader, error) {
	text, err := os.ReadFile(filepath.Join(dir, "FORMAT"))
	if err != nil {
		return nil, err
	}
	switch string(text) {
	case "pfsd store, format 1\n", "pfsd store, format 2\nfeatures: births\n":
	default:
		return nil, fmt.Errorf("a store of another format: %q", text)
	}
	db, err := badger.OpenManaged(badger.DefaultOptions(filepath.Join(dir, "kv")).WithLogger(nil))
	return &reader{dir: dir, db: db}, err
}

// row returns the newest value of a key (section 3).
func (r *reader) row(key ...[]byte) ([]byte, error) {
	txn := r.db.NewTransactionAt(^uint64(0), false)
	defer txn.Discard()
	var whole []byte
	for _, part := range key {
		whole = append(whole, part...)
	}
	item, err := txn.Get(whole)
	if err != nil {
		return nil, fmt.Errorf("row %q: %w", whole, err)
	}
	return item.ValueCopy(nil)
}

// bytesOf takes a record apart (section 1).
type bytesOf struct{ b []byte }

func (d *bytesOf) take(n int) []byte {
	if n > len(d.b) {
		panic("record is too short")
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *bytesOf) byte() byte { return d.take(1)[0] }

func (d *bytesOf) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		panic("bad number")
	}
	d.take(n)
	return v
}

func (d *bytesOf) string() []byte { return d.take(int(d.uvarint())) }

// cat returns the bytes of the file at path on a branch.
func (r *reader) cat(repo, branch, path string) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	value, err := r.row([]byte{'r'}, []byte(repo))
	if err != nil {
		return nil, err
	}
	id := value[1:17] // 4.2
	if value, err = r.row([]byte{'b'}, id, []byte(branch)); err != nil {
		return nil, err
	}
	d := &bytesOf{value[1:]} // 4.3
	d.uvarint()              // created
	head := d.take(16)
	if value, err = r.row([]byte{'c'}, head); err != nil {
		return nil, err
	}
	d = &bytesOf{value[1:]} // 4.5
	d.take(16)
	d.take(16 * int(d.uvarint()))
	for range 4 { // line, seq, gen, time
		d.uvarint()
	}
	d.byte()
	d.string()
	d.string()
	d.take(32)
	root := &bytesOf{d.string()}
	root.string() // the name, which is empty
	e, _ := readBody(root, takeChange)
	for _, name := range strings.Split(path, "/") {
		if e, err = r.lookup(e.root, name); err != nil {
			return nil, err
		}
	}
	return r.content(e)
}

// entry is what matters here of one (section 5).
type entry struct {
	kind byte
	// of a file: how it is stored, its size, hash and root; of a directory its root.
	rootKind   byte
	size       uint64
	hash, root []byte
	// born is set when it has a birth.
	born bool
}

// readBody reads the body of an entry, and returns it with what take returns in the place of each change, which it takes.
func readBody(d *bytesOf, take func(*bytesOf) []byte) (e entry, body []byte) {
	start := d.b
	change := func() {
		body = append(body, start[:len(start)-len(d.b)]...)
		body = append(body, take(d)...)
		start = d.b
	}
	head := d.byte()
	e.kind = head & 15
	if head&0x80 != 0 {
		e.born = true
		d.take(8)
	}
	for range 4 { // mode, uid, gid, mtime
		d.uvarint()
	}
	if head&0x20 != 0 {
		d.uvarint()
		d.uvarint()
	}
	change()
	if head&0x40 != 0 {
		d.uvarint()
	}
	switch e.kind {
	case 1:
		flags := d.byte()
		e.rootKind = flags & 3
		e.size = d.uvarint()
		e.hash = d.take(32)
		switch e.rootKind {
		case 1:
			e.root = e.hash
		case 2, 3:
			e.root = d.take(32)
		}
	case 2:
		flags := d.byte()
		if flags&2 != 0 {
			e.root = d.take(32)
		}
		for range 4 {
			d.uvarint()
		}
		if flags&4 != 0 {
			change()
		}
	case 3:
		d.string()
	case 6, 7:
		d.uvarint()
	case 8:
		d.take(16)
	}
	if head&0x10 != 0 {
		skipMeta(d)
	}
	return e, append(body, start[:len(start)-len(d.b)]...)
}

func skipMeta(d *bytesOf) {
	parts := d.byte()
	if parts&1 != 0 {
		d.string()
	}
	for bit := byte(2); bit <= 32; bit <<= 1 {
		if parts&bit != 0 {
			for n := d.uvarint(); n > 0; n-- {
				d.string()
				d.string()
			}
		}
	}
}

// lookup finds a name in the directory whose top node has the given hash (section 6).
func (r *reader) lookup(root []byte, name string) (entry, error) {
	if root == nil {
		return entry{}, errors.New("no such file: " + name)
	}
	n, err := r.node(root)
	if err != nil {
		return entry{}, err
	}
	for _, it := range n.items {
		if n.level == 0 {
			if it.name == name {
				e, _ := readBody(&bytesOf{it.body}, takeChange)
				if e.born {
					r.births++
				}
				return e, nil
			}
			continue
		}
		// A directory's sort key has a slash behind it: both forms may be below this child, or a later one.
		if it.name >= name {
			if e, err := r.lookup(it.body[:32], name); err == nil {
				return e, nil
			}
		}
	}
	return entry{}, errors.New("no such file: " + name)
}

// content returns the bytes of a file (section 9), and checks their hash (section 10).
func (r *reader) content(e entry) (data []byte, err error) {
	switch e.rootKind {
	case 1:
		data, err = r.chunk(e.root)
	case 2, 3:
		data, err = r.record(e.root)
	}
	if err != nil {
		return nil, err
	}
	if sum := blake3.Sum256(data); uint64(len(data)) != e.size || string(sum[:]) != string(e.hash) {
		return nil, fmt.Errorf("%d bytes, want %d; hash %s", len(data), e.size, hex.EncodeToString(sum[:]))
	}
	return data, nil
}

// record returns the bytes of a window or an offset tree.
func (r *reader) record(h []byte) ([]byte, error) {
	value, err := r.row([]byte{'w'}, h)
	if err != nil {
		return nil, err
	}
	if sum := blake3.Sum256(value); string(sum[:]) != string(h) {
		return nil, errors.New("the record has another hash")
	}
	d := &bytesOf{value[1:]}
	if value[0] == 2 {
		return r.offsetTree(d)
	}
	d.uvarint()
	d.uvarint()
	var data []byte
	for n := d.uvarint(); n > 0; n-- {
		size := d.uvarint()
		if size&1 == 1 {
			data = append(data, make([]byte, size/2)...)
			continue
		}
		piece, err := r.chunk(d.take(32))
		if err != nil {
			return nil, err
		}
		data = append(data, piece...)
	}
	return data, nil
}

func (r *reader) offsetTree(d *bytesOf) ([]byte, error) {
	d.byte()
	dense := d.byte()
	left := d.uvarint()
	var data []byte
	for n := d.uvarint(); n > 0; n-- {
		h := d.take(32)
		if dense == 1 {
			d.take(32)
		}
		holes := d.uvarint()
		if string(h) == string(make([]byte, 32)) {
			size := min(left-uint64(len(data)), holes<<16)
			data = append(data, make([]byte, size)...)
			continue
		}
		piece, err := r.record(h)
		if err != nil {
			return nil, err
		}
		data = append(data, piece...)
	}
	return data, nil
}

// chunk returns the bytes of a chunk: from its row or from a pack (sections 9.1 and 11).
func (r *reader) chunk(h []byte) ([]byte, error) {
	value, err := r.row([]byte{'k'}, h)
	if err != nil {
		return nil, err
	}
	data := value[1:]
	if value[0] == 1 {
		d := &bytesOf{data}
		pack, offset, length := d.uvarint(), d.uvarint(), d.uvarint()
		f, err := os.Open(filepath.Join(r.dir, "packs", fmt.Sprintf("%016x.pack", pack)))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		magic := make([]byte, 12)
		if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != "pfsdPACK\x00\x00\x00\x01" {
			return nil, fmt.Errorf("pack %d: %q, %w", pack, magic, err)
		}
		data = make([]byte, length)
		if _, err := f.ReadAt(data, int64(offset)); err != nil {
			return nil, err
		}
	}
	if sum := blake3.Sum256(data); string(sum[:]) != string(h) {
		return nil, errors.New("the chunk has another hash")
	}
	return data, nil
}
