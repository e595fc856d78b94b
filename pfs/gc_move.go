package pfs

import (
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// deadMoves finds the rows that say why branches began lines, of lines on which nothing is and nothing will be: those that go
// are of branches that have gone, or have left the line a grace period ago. A row that cannot be read leads to nothing: a
// check tells of it.
func (g *graph) deadMoves(r kv.Reader, used map[uint64]bool, d *deadRows) error {
	left := map[uint64]int64{}
	var unused []uint64
	err := eachRow(r, schema.MovePrefix(), func(row kv.Row) error {
		line, ok := schema.ParseLineKey(row.Key)
		if !ok {
			return nil
		}
		if !used[line] && !g.lines[line] {
			unused = append(unused, line)
		}
		if rec, err := schema.DecodeMove(row.Value); err == nil && rec.Line != 0 {
			left[rec.Line] = rec.Time
		}
		return nil
	})
	for _, line := range unused {
		if at, ok := left[line]; !ok || !timeOf(at).After(g.expiry) {
			d.moves = append(d.moves, schema.MoveKey(line))
		}
	}
	return err
}
