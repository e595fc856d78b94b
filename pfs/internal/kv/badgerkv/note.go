package badgerkv

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// ID tells one store from all others.
type ID [16]byte

// noteHead is the first line of a note.
const noteHead = "pfsd rows, format 1"

// note is what a store says of its rows outside of Badger's files, so that files that were lost, cut off or exchanged are
// noticed before Badger opens what is left. It is written when the store is made and at each close in order after a write.
// It stays true whatever happens to the store in order: all that it says is a lower bound.
type note struct {
	id ID
	// version is the timestamp that the row idKey had; that of the row in the store is never below it.
	version uint64
	// tables are those that there were. A table with such a number is the same one or is gone, since numbers only grow.
	tables map[uint64]tablePrint
}

// tablePrint tells a table from others: its size, and a checksum of its end, where that of its index is.
type tablePrint struct {
	size int64
	end  uint32
}

// printed is how many bytes at the end of a table its tablePrint is of.
const printed = 4 << 10

// printOf returns the tablePrint of a file.
func printOf(name string) (p tablePrint, err error) {
	f, err := os.Open(name)
	if err != nil {
		return p, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return p, err
	}
	p.size = info.Size()
	end := make([]byte, min(p.size, printed))
	if _, err := f.ReadAt(end, p.size-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return p, err
	}
	p.end = crc32.ChecksumIEEE(end)
	return p, nil
}

// noteOf returns the note of a store that is not open.
func noteOf(o badger.Options, id ID, version uint64) (*note, error) {
	listed, err := readManifest(o)
	if err != nil {
		return nil, err
	}
	n := &note{id: id, version: version, tables: map[uint64]tablePrint{}}
	for number := range listed {
		if n.tables[number], err = printOf(table.NewFilename(number, o.Dir)); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// String returns the text of the note.
func (n *note) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nstore %s\nversion %d\n", noteHead, n.id, n.version)
	for number, p := range n.tables {
		fmt.Fprintf(&b, "table %d %d %08x\n", number, p.size, p.end)
	}
	fmt.Fprintf(&b, "sum %08x\n", crc32.ChecksumIEEE([]byte(b.String())))
	return b.String()
}

// parseNote returns the note that a text is.
func parseNote(text []byte) (*note, error) {
	bad := fmt.Errorf("%w: it is not a note of rows that this program knows", errDamaged)
	i := bytes.LastIndex(text, []byte("sum "))
	if i < 0 || string(text[i:]) != fmt.Sprintf("sum %08x\n", crc32.ChecksumIEEE(text[:i])) {
		return nil, bad
	}
	lines := bufio.NewScanner(bytes.NewReader(text[:i]))
	if !lines.Scan() || lines.Text() != noteHead {
		return nil, bad
	}
	n := &note{tables: map[uint64]tablePrint{}}
	for lines.Scan() {
		var number uint64
		var p tablePrint
		var id []byte
		if _, err := fmt.Sscanf(lines.Text(), "table %d %d %x", &number, &p.size, &p.end); err == nil {
			n.tables[number] = p
		} else if _, err := fmt.Sscanf(lines.Text(), "store %x", &id); err == nil && len(id) == len(n.id) {
			n.id = ID(id)
		} else if _, err := fmt.Sscanf(lines.Text(), "version %d", &n.version); err != nil {
			return nil, bad
		}
	}
	return n, nil
}

// readNote returns the note at path; nil when there is none.
func readNote(path string) (*note, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n, err := parseNote(text)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", filepath.Base(path), err)
	}
	return n, nil
}

// write puts the note at path. It is there as a whole, or the one before it is, whenever the power fails.
func (n *note) write(path string) error {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(n.String())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// checkTables fails when a table that is listed is not the one that the note knows by its number.
func (n *note) checkTables(dir string, listed map[uint64]badger.TableManifest) error {
	for number := range listed {
		known, ok := n.tables[number]
		if !ok {
			continue
		}
		name := table.NewFilename(number, dir)
		is, err := printOf(name)
		if err != nil {
			return err
		}
		if is != known {
			return fmt.Errorf("%w: table %s: it is not the one that was there when the store was closed", errDamaged, filepath.Base(name))
		}
	}
	return nil
}

// String returns the id in hex.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ReadNote returns which store a note is of, and whether there is one. The error is kv.ErrCorrupt when it cannot be read.
func ReadNote(path string) (id ID, noted bool, err error) {
	n, err := readNote(path)
	if n == nil || err != nil {
		return id, false, err
	}
	return n.id, true, nil
}
