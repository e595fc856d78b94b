package badgerkv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/dgraph-io/ristretto/v2/z"
)

// deletedBit is set in what Badger keeps beside a value when the version of the key is its deletion.
const deletedBit = 1

// Salvaged is what Salvage has found.
type Salvaged struct {
	// Rows is how many versions of rows were read.
	Rows int64 `json:"rows"`
	// Lost says for each file, or piece of one, that cannot be read, which and why.
	Lost []string `json:"lost,omitempty"`
}

// Salvage makes in the directory to, which must not be there, a store of all rows that can still be read in the files of the
// one in from, which is left as it is. It reads each table by itself, block by block, and takes over the logs; what is lost
// is reported. Nobody may have from open.
func Salvage(ctx context.Context, from, to string, opts Options) (s Salvaged, err error) {
	if err := os.Mkdir(to, 0o700); err != nil {
		return s, err
	}
	if err := copyLogs(from, to); err != nil {
		return s, err
	}
	var f flushes
	db, err := openDB(badgerOptions(to, opts, &f), nil)
	if err != nil {
		// A log that Badger does not take is lost as a whole.
		s.Lost = append(s.Lost, "logs: "+err.Error())
		if err = removeLogs(to); err == nil {
			db, err = openDB(badgerOptions(to, opts, &f), nil)
		}
	}
	if err != nil {
		return s, fmt.Errorf("badgerkv: salvage: %w", err)
	}
	tables, err := filepath.Glob(filepath.Join(from, "*.sst"))
	for _, name := range tables {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = s.table(db, name)
		}
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return s, fmt.Errorf("badgerkv: salvage: %w", err)
	}
	return s, syncDir(to)
}

func copyLogs(from, to string) error {
	logs, err := filepath.Glob(filepath.Join(from, "*"+walSuffix))
	for _, name := range logs {
		if err == nil {
			err = copyFile(name, filepath.Join(to, filepath.Base(name)))
		}
	}
	return err
}

func removeLogs(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
	}
	return err
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}

// table takes over the rows of one table. Its error is that of the new store.
func (s *Salvaged) table(db *badger.DB, name string) error {
	t, err := openTable(name)
	if err != nil {
		s.lose(name, err)
		return nil
	}
	defer t.Close(-1)
	blocks := t.KeySplits(1<<30, nil)
	for i, first := range blocks {
		end := ""
		if i+1 < len(blocks) {
			end = blocks[i+1]
		}
		rows, err := readBlock(t, first, end)
		if err != nil {
			s.lose(name, fmt.Errorf("block %d of %d: %w", i+1, len(blocks), err))
		}
		s.Rows += int64(len(rows))
		if err := putVersions(db, rows); err != nil {
			return err
		}
	}
	return nil
}

func (s *Salvaged) lose(name string, err error) {
	s.Lost = append(s.Lost, strings.ReplaceAll(fmt.Sprintf("%s: %v", filepath.Base(name), err), "\n", " "))
}

// openTable opens a table by itself, to be read. It may be compressed, as other programs that use Badger write them.
func openTable(name string) (t *table.Table, err error) {
	if _, ok := table.ParseFileID(filepath.Base(name)); !ok {
		return nil, fmt.Errorf("%w: no table has this name", errDamaged)
	}
	if err := checkTable(name); err != nil {
		return nil, err
	}
	for _, c := range []options.CompressionType{options.None, options.Snappy, options.ZSTD} {
		var failed error
		if t, failed = openTableAs(name, c); failed == nil {
			return t, nil
		}
		err = cmp.Or(err, failed)
	}
	return nil, err
}

func openTableAs(name string, c options.CompressionType) (t *table.Table, err error) {
	defer recovered(&err, debug.SetPanicOnFault(true))
	file, err := z.OpenMmapFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	t, err = table.OpenTable(file, table.Options{
		ReadOnly: true, ChkMode: options.OnBlockRead, Compression: c, BlockSize: 4 << 10,
	})
	if err != nil {
		// Badger does not, unless it cannot make anything of the name.
		_ = file.Close(-1)
		return nil, damagedUnlessSystem(err)
	}
	return t, nil
}

// version is one version of a row.
type version struct {
	key, value []byte
	ts         uint64
	deleted    bool
}

// readBlock returns the rows from the key first on, up to end, which is that of the next block.
func readBlock(t *table.Table, first, end string) (rows []version, err error) {
	defer recovered(&err, debug.SetPanicOnFault(true))
	it := t.NewIterator(table.NOCACHE)
	defer it.Close()
	for it.Seek([]byte(first)); it.Valid(); it.Next() {
		key := it.Key()
		if end != "" && y.CompareKeys(key, []byte(end)) >= 0 {
			return rows, nil
		}
		v := it.ValueCopy()
		rows = append(rows, version{
			key: y.SafeCopy(nil, y.ParseKey(key)), value: v.Value, ts: y.ParseTs(key), deleted: v.Meta&deletedBit != 0,
		})
	}
	if len(rows) == 0 {
		return nil, errDamaged
	}
	return rows, nil
}

// putVersions writes rows as the versions that they were.
func putVersions(db *badger.DB, rows []version) error {
	batch := db.NewManagedWriteBatch()
	defer batch.Cancel()
	for _, row := range rows {
		var err error
		if row.deleted {
			err = batch.DeleteAt(row.key, row.ts)
		} else {
			err = batch.SetEntryAt(badger.NewEntry(row.key, row.value), row.ts)
		}
		if err != nil {
			return err
		}
	}
	return batch.Flush()
}
