package pfs_test

import (
	"encoding/binary"
	"sync/atomic"
	"testing"

	"pfsd/pfs/internal/kv/kvtest"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
)

// chunkPrefix and packedChunk are how a row begins that says where in a pack a chunk is: FORMAT.md.
const (
	chunkPrefix = 'k'
	packedChunk = 1
)

// location decodes what a chunk's row says of its place; ok is false when it is not a row of a chunk in a pack.
func location(key, value []byte) (loc pack.Location, ok bool) {
	if key[0] != chunkPrefix || value[0] != packedChunk {
		return loc, false
	}
	value = value[1:]
	var fields [3]uint64
	for i := range fields {
		n := 0
		if fields[i], n = binary.Uvarint(value); n <= 0 {
			return loc, false
		}
		value = value[n:]
	}
	return pack.Location{Pack: fields[0], Offset: int64(fields[1]), Length: uint32(fields[2])}, true
}

// TestRowsComeAfterTheirBytes looks at every row that says where bytes are, before it is written: a power cut at that
// moment must leave them.
func TestRowsComeAfterTheirBytes(t *testing.T) {
	disk := pack.NewMemory(nil)
	var packed atomic.Int64
	rows := kvtest.Record(memkv.New(), func(w kvtest.Write) {
		left, err := pack.Open(disk.Crash(nil), pack.Options{})
		if err != nil {
			t.Error(err)
			return
		}
		for _, row := range w.Puts {
			loc, ok := location(row.Key, row.Value)
			if !ok {
				continue
			}
			packed.Add(1)
			if err := left.ReadAt(loc, make([]byte, loc.Length), 0); err != nil {
				t.Errorf("row of %+v, whose bytes are not on disk: %v", loc, err)
			}
		}
	})
	r := newScriptRun(t, rows, disk)
	r.script()
	if packed.Load() < 10 {
		t.Errorf("only %d rows of packed chunks were written", packed.Load())
	}
}
