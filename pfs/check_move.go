package pfs

import (
	"context"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// checkMoves checks the rows that say why branches began lines. The commits that they name may have gone.
func (c *checker) checkMoves(context.Context) error {
	return c.each(schema.MovePrefix(), func(row kv.Row) error {
		line, ok := schema.ParseLineKey(row.Key)
		_, err := decodeMove(line, row.Value)
		switch {
		case !ok || len(row.Key) != len(schema.MoveKey(line)) || line > c.meta.Line:
			c.problemf("", "move of a branch to line %x, which never was", row.Key[1:])
		case err != nil:
			c.problemf("", "move of a branch to line %x: %w", row.Key[1:], err)
		}
		return nil
	})
}
