package badgerkv

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"

	"github.com/dgraph-io/badger/v4/y"
)

// Of a write-ahead log: it begins with logHeader bytes, and each transaction ends with an entry whose key begins with logEnd and
// that has the bit logEndBit. The other entries of a transaction have the bit logPartBit; one without either is a
// transaction by itself. The bits are in the first byte of an entry.
const (
	logHeader  = 20
	logEnd     = "!badger!txn"
	logEndBit  = 1 << 7
	logPartBit = 1 << 6
)

// writeLog is what there is in a write-ahead log.
type writeLog struct {
	// first is the timestamp of the first transaction; 0 when there is none. Badger's logs have all transactions from there on.
	first uint64
	// end is where the last whole transaction ends that Badger reads. rest is set when something is behind it, and later
	// when that has the end of a transaction.
	end         int64
	rest, later bool
}

// readLog reads the log in a file as Badger does, which cuts off what is behind the last whole transaction.
func readLog(name string) (l writeLog, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return l, err
	}
	at := min(logHeader, len(b))
	l.end = int64(at)
	var began uint64 // the timestamp of a transaction that has not ended yet
	for {
		e, size := parseEntry(b[at:])
		if size == 0 || began != 0 && e.ts != began {
			break
		}
		at += size
		began = e.ts
		if e.ends {
			began = 0
			l.end = int64(at)
			if l.first == 0 {
				l.first = e.ts
			}
		}
	}
	tail := bytes.TrimRight(b[l.end:], "\x00")
	l.rest = len(tail) > 0
	l.later = bytes.Contains(tail, []byte(logEnd))
	return l, nil
}

// logEntry is one entry of a log.
type logEntry struct {
	ts   uint64
	ends bool
}

// parseEntry returns the entry that b begins with, and how many bytes it takes; 0 when there is none that is whole.
func parseEntry(b []byte) (e logEntry, size int) {
	if len(b) < 2 {
		return e, 0
	}
	at := 2
	var lengths [3]uint64 // of the key, of the value, and a time of expiry
	for i := range lengths {
		n, used := binary.Uvarint(b[at:])
		if used <= 0 {
			return e, 0
		}
		lengths[i] = n
		at += used
	}
	key, value := lengths[0], lengths[1]
	if key < 8 || key > math.MaxUint32 || value > math.MaxUint32 || uint64(len(b)-at) < key+value+crc32.Size {
		return e, 0
	}
	body := at + int(key+value)
	if crc32.Checksum(b[:body], y.CastagnoliCrcTable) != binary.BigEndian.Uint32(b[body:]) {
		return e, 0
	}
	ends := b[0]&logEndBit != 0 || b[0]&logPartBit == 0
	return logEntry{ts: y.ParseTs(b[at : at+int(key)]), ends: ends}, body + crc32.Size
}
