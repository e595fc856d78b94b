package pfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/live"
	"pfsd/pfs/internal/schema"
)

// lostHead is how many of the first bytes of a lost content are read, to tell its type.
const lostHead = 512

// LostContent is a content that no commit, upload or pending change leads to: bytes that were uploaded and not linked or that
// were overwritten before there was a commit, and after a salvage those whose names are lost. Where the list of its chunks is
// lost too, each chunk is a content.
type LostContent struct {
	// Hash is the BLAKE3-256 of the bytes, or zero where that takes reading all.
	Hash Hash
	Size int64
	// Head are its first bytes, at most 512.
	Head []byte
	// Err is why it cannot be read; nil when the first bytes could be.
	Err error

	reader *cas.Reader
}

// LostContents yields the contents that nothing leads to, in no order. No garbage is collected meanwhile. It takes 11 to 22 bytes of
// memory for each row of contents and trees. An error ends the sequence; it is of KindCanceled, KindClosed or KindInternal.
func (s *Store) LostContents(ctx context.Context) iter.Seq2[LostContent, error] {
	return func(yield func(LostContent, error) bool) {
		unlock, err := s.upkeep.lock(ctx)
		if err == nil {
			defer unlock()
			m := &nameMarks{store: s, ctx: ctx, rows: live.NewSet()}
			err = m.eachLost(func(c LostContent) error {
				if !yield(c, nil) {
					return errEnough
				}
				return nil
			})
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(LostContent{}, wrap("pfs.LostContents", err, "", ""))
		}
	}
}

// errEnough ends a walk whose caller wants no more.
var errEnough = errors.New("pfs: enough")

// eachLost notes all that names lead to, and calls fn with each content that is left.
func (m *nameMarks) eachLost(fn func(LostContent) error) error {
	if err := m.all(); err != nil {
		return err
	}
	for _, prefix := range [][]byte{schema.WindowRows(), schema.ChunkRows()} {
		err := m.store.scan(m.ctx, prefix, func(rows []kv.Row) error {
			for _, row := range rows {
				if _, ok := m.rows.Get(live.PrintOf(row.Key)); ok {
					continue
				}
				c, err := m.store.lostContent(m.ctx, row)
				if err == nil {
					err = fn(c)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lostContent returns what is known of the content that a row begins.
func (s *Store) lostContent(ctx context.Context, row kv.Row) (LostContent, error) {
	loose, err := s.contents.Loose(ctx, row.Key, row.Value)
	if classify(err) == KindCorrupt {
		return LostContent{Err: err}, nil
	}
	if err != nil {
		return LostContent{}, err
	}
	c := LostContent{Hash: loose.Hash, Size: loose.Size(), reader: loose.Reader}
	head := make([]byte, min(c.Size, lostHead))
	if _, err := loose.ReadAtContext(ctx, head, 0); err != nil && !errors.Is(err, io.EOF) {
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		c.Err = fmt.Errorf("%x: %w", row.Key[1:5], err)
	}
	c.Head = head
	return c, nil
}
