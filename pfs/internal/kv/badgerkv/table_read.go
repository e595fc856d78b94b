package badgerkv

import (
	"fmt"
	"io"
	"os"
)

const (
	// maxTable is how much is read of a table. Badger makes none that is nearly as large.
	maxTable = 1 << 30
	// pageSize is how much of a file is given up at once where the disk cannot read it, and readSize how much is read at once.
	pageSize, readSize = 4 << 10, 1 << 20
)

// readTable returns the bytes of a file, with zeros for the pages that the disk cannot read, and how many bytes these are. The error
// is that of a file of which nothing can be read.
func readTable(name string) (data []byte, unread int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if info.Size() > maxTable {
		return nil, 0, fmt.Errorf("%w: the file has %d bytes, and no table has as many", errDamaged, info.Size())
	}
	data = make([]byte, info.Size())
	unread = readAround(f, data)
	return data, unread, nil
}

// readAround fills data from the beginning of f, but for the pages that cannot be read, and returns how many bytes these have.
func readAround(f io.ReaderAt, data []byte) (unread int) {
	for at := 0; at < len(data); at += readSize {
		large := data[at:min(len(data), at+readSize)]
		if _, err := f.ReadAt(large, int64(at)); err == nil {
			continue
		}
		for in := 0; in < len(large); in += pageSize {
			page := large[in:min(len(large), in+pageSize)]
			if _, err := f.ReadAt(page, int64(at+in)); err != nil {
				clear(page)
				unread += len(page)
			}
		}
	}
	return unread
}
