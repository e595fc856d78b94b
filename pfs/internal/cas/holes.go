package cas

import (
	"context"

	"pfsd/pfs/internal/schema"
)

// Holes returns how many bytes of a content are in holes. It reads one record.
func (s *Store) Holes(ctx context.Context, c schema.Content) (sum int64, err error) {
	v := s.viewContent(c)
	switch c.Kind {
	case schema.RootWindow:
		w, err := v.window(ctx, 0)
		if err != nil {
			return 0, err
		}
		return w.holes(), nil
	case schema.RootNode:
		level := v.level - 1
		for off := int64(0); off < c.Size; off += span(level) {
			k, err := v.child(ctx, level, off)
			if err != nil {
				return 0, err
			}
			sum += k.holes
		}
	}
	return sum, nil
}
