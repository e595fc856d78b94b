package badgerkv

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"
)

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
