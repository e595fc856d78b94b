package cas

import (
	"context"
	"errors"
	"fmt"

	"pfsd/pfs/internal/schema"
)

// Loose is a content of which only the row is known that its chunk list begins with.
type Loose struct {
	*Reader
	// Hash is zero where it does not follow from the row.
	Hash schema.Hash
}

// Loose returns the content with the given row, that of a chunk or of a record. What was stored as a part may be taken for a
// content, and a content for a part: the bytes are the same. The error is ErrCorrupt, ctx's or one of the stores.
func (s *Store) Loose(ctx context.Context, key, value []byte) (Loose, error) {
	h := schema.Hash(key[1:])
	switch {
	case key[0] == schema.ChunkRows()[0]:
		inline, loc, err := decodeChunk(value)
		if err != nil {
			return Loose{}, corrupt("chunk", h, "%v", err)
		}
		size := int64(len(inline)) + int64(loc.Length)
		return Loose{s.Open(schema.Content{Kind: schema.RootChunk, Hash: h, Root: h, Size: size}), h}, nil
	case len(value) > 0 && value[0] == tagWindow:
		w, err := decodeWindow(value)
		if err != nil {
			return Loose{}, corrupt("window", h, "%v", err)
		}
		l := Loose{Reader: s.OpenPart(Part{Offset: int64(w.lead), Size: int64(w.size), Root: h})}
		if w.lead == 0 && len(w.groups) > 1 {
			l.Hash = rootHash(merge(w.groups))
		}
		return l, nil
	}
	n, err := decodeNode(value)
	if err != nil {
		return Loose{}, corrupt("node", h, "%v", err)
	}
	return s.looseNode(ctx, h, n)
}

func (s *Store) looseNode(ctx context.Context, h schema.Hash, n *node) (Loose, error) {
	if n.dense {
		hash := schema.Hash{}
		if len(n.children) > 1 {
			hash = rootHash(merge(n.cvs()))
		}
		return Loose{s.Open(schema.Content{Kind: schema.RootNode, Hash: hash, Root: h, Size: n.size()}), hash}, nil
	}
	if n.sum().holes > s.sparseLimit {
		return Loose{s.Open(schema.Content{Kind: schema.RootNode, Hash: h, Root: h, Size: n.size(), Sparse: true}), h}, nil
	}
	lead, err := s.leadOf(ctx, n)
	return Loose{Reader: s.OpenPart(Part{Offset: lead, Size: n.size() - lead, Root: h})}, err
}

// leadOf returns where in its first window a part begins.
func (s *Store) leadOf(ctx context.Context, n *node) (int64, error) {
	for n.level > 1 && !n.children[0].hash.IsZero() {
		below, err := s.node(ctx, n.children[0].hash)
		if err != nil {
			return 0, err
		}
		if below.level >= n.level {
			return 0, fmt.Errorf("%w: %w", ErrCorrupt, errors.New("nodes out of order"))
		}
		n = below
	}
	if n.children[0].hash.IsZero() {
		return 0, nil
	}
	w, err := s.window(ctx, n.children[0].hash)
	if err != nil {
		return 0, err
	}
	return int64(w.lead), nil
}
