package schema

import "encoding/binary"

// MoveRecord says why a branch began a line, and where it was before. The line is in its key.
type MoveRecord struct {
	Time        int64
	Origin      uint8
	Author, Why string
	// Head is the commit that the branch was at after the move, and Place where that is on the line; 0 when it is on another.
	Head  ID
	Place uint64
	// Line and Seq are where the branch was before, and Old is the commit that was its head; all are zero for a new branch.
	Line, Seq uint64
	Old       ID
}

// Append appends the record's bytes to b.
func (r *MoveRecord) Append(b []byte) []byte {
	e := newRecord()
	e.int(r.Time)
	e.byte(r.Origin)
	e.string(r.Author)
	e.string(r.Why)
	e.raw(r.Head[:])
	e.uint(r.Place)
	e.uint(r.Line)
	e.uint(r.Seq)
	e.raw(r.Old[:])
	return append(b, e.b...)
}

// DecodeMove is the inverse of MoveRecord.Append.
func DecodeMove(b []byte) (MoveRecord, error) {
	d := openRecord(b)
	r := MoveRecord{Time: d.int(), Origin: d.byte(), Author: d.string(), Why: d.string(), Head: d.id(), Place: d.uint(),
		Line: d.uint(), Seq: d.uint(), Old: d.id()}
	return r, d.close()
}

// MoveKey is the key of a MoveRecord.
func MoveKey(line uint64) []byte { return binary.BigEndian.AppendUint64([]byte{keyMove}, line) }

// MovePrefix is the prefix of all MoveKeys.
func MovePrefix() []byte { return []byte{keyMove} }
