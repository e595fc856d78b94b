package badgerkv

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
)

// minEntry is the smallest size of an entry of a block: a header, the version, one more byte of the key, the flags and the time
// before the value, and the offset.
const minEntry = headerSize + tsSize + 1 + 3 + wordSize

// table takes over the rows of one table. Its error is that of the new store.
func (s *Salvaged) table(db *badger.DB, name string) error {
	t := tableSalvage{file: filepath.Base(name), to: db.NewManagedWriteBatch()}
	defer t.to.Cancel()
	data, unread, err := readTable(name)
	if _, ok := table.ParseFileID(t.file); !ok {
		err = fmt.Errorf("%w: no table has this name", errDamaged)
	}
	switch x, ok := readIndex(data); {
	case err != nil:
		s.lose(Loss{File: t.file, Why: err.Error()})
		s.Uncounted++
		return nil
	case ok:
		err = t.indexed(data, x)
	default:
		s.Damage = append(s.Damage, fmt.Sprintf("table %s: the index is damaged; blocks were found by their checksums", t.file))
		err = t.searched(data)
	}
	if unread > 0 {
		s.Damage = append(s.Damage, fmt.Sprintf("table %s: the disk cannot read %d bytes of it", t.file, unread))
	}
	s.Rows += t.rows
	s.Lost = append(s.Lost, t.lost...)
	if t.counted {
		s.LostRows += t.missing
	} else {
		s.Uncounted++
	}
	return errors.Join(err, t.to.Flush())
}

// tableSalvage is what is read of one table, and lost.
type tableSalvage struct {
	file string
	to   *badger.WriteBatch
	rows int64
	lost []Loss
	// missing is how many rows are lost, if that is counted.
	missing int64
	counted bool
	// last is the key of the last row that was read.
	last []byte
	// open is set while what was looked at last is lost, so that what follows is part of the same loss.
	open bool
}

// indexed takes over the blocks that the index lists.
func (t *tableSalvage) indexed(data []byte, x tableIndex) error {
	for i, b := range x.blocks {
		rows, err := readBlock(data[b.start:b.end])
		if err != nil {
			t.lose(y.ParseKey(x.firsts[i]), fmt.Sprintf("bytes %d to %d have a wrong checksum", b.start, b.end))
			continue
		}
		if err := t.take(rows); err != nil {
			return err
		}
	}
	t.missing, t.counted = max(0, x.rows-t.rows), true
	return nil
}

// searched takes over the blocks that can be found without an index.
func (t *tableSalvage) searched(data []byte) error {
	end, gaps := 0, 0
	gap := func(to int) {
		if to > end {
			t.lose(after(t.last), fmt.Sprintf("bytes %d to %d are no whole blocks", end, to))
			gaps += to - end
		}
	}
	for _, b := range findBlocks(data) {
		gap(b.start)
		rows, err := readPlain(data[b.start:b.end])
		if err == nil {
			err = t.take(rows)
		}
		if err != nil {
			return err
		}
		end = b.end
	}
	last, rows, known := lastBlocks(data, end)
	if gap(last); !known && last == end {
		t.lose(after(t.last), fmt.Sprintf("nothing is known of what followed byte %d", end))
	}
	t.missing = max(0, rows-t.rows)
	if gaps == 0 {
		t.missing = 0
	}
	t.counted = known && (gaps == 0 || rows > t.rows && t.missing <= int64(gaps/minEntry))
	return nil
}

// lose notes that rows from the key first on are lost.
func (t *tableSalvage) lose(first []byte, why string) {
	if t.open {
		t.lost[len(t.lost)-1].Why += ", " + why
		return
	}
	t.lost = append(t.lost, Loss{File: t.file, Why: why, First: first})
	t.open = true
}

// after returns the first key that can be behind another, which is nil for none. Of several versions of a row the newest is first,
// so that no newer one of the last row is lost.
func after(key []byte) []byte {
	if key == nil {
		return nil
	}
	return append(bytes.Clone(key), 0)
}

// take puts rows as the versions that they were, and ends the loss before them.
func (t *tableSalvage) take(rows []version) error {
	if t.open {
		t.lost[len(t.lost)-1].Last = rows[0].key
		t.open = false
	}
	t.rows += int64(len(rows))
	t.last = rows[len(rows)-1].key
	for _, row := range rows {
		var err error
		if row.deleted {
			err = t.to.DeleteAt(row.key, row.ts)
		} else {
			err = t.to.SetEntryAt(badger.NewEntry(row.key, row.value), row.ts)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
