package pfs

import (
	"context"
	"iter"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// uploadBatch is how many rows of a branch's uploads are read at a time.
const uploadBatch = 256

// Uploads yields the uploads of a branch whose path begins with prefix, by path and then in the order in which they began,
// from the first after the given path and id on; after all of that path when the id is zero. It reads a few at a time, so
// that uploads that begin or end meanwhile may be among them or not. An error ends the sequence.
func (s *Store) Uploads(
	ctx context.Context, ref Ref, prefix, afterPath string, afterID UploadID,
) iter.Seq2[Upload, error] {
	return func(yield func(Upload, error) bool) {
		b, err := s.writable("pfs.Uploads", ref)
		if err != nil {
			yield(Upload{}, err)
			return
		}
		for id, err := range s.parked(ctx, b, prefix, parkedUpload{afterPath, afterID}) {
			var upload Upload
			if err == nil {
				upload, err = s.Upload(ctx, ref, id)
			}
			if KindOf(err) == KindUploadNotFound {
				continue
			}
			if !yield(upload, wrap("pfs.Uploads", err, ref.String(), "")) || err != nil {
				return
			}
		}
	}
}

// parkedUpload is where an upload stands in the order of Uploads.
type parkedUpload struct {
	path string
	id   UploadID
}

// parked yields the ids of a branch's uploads behind after, in the order of Uploads. No View is held while it yields.
func (s *Store) parked(ctx context.Context, b *branch, prefix string, after parkedUpload) iter.Seq2[UploadID, error] {
	return func(yield func(UploadID, error) bool) {
		for {
			batch, err := s.parkedBatch(ctx, b, prefix, after)
			if err != nil {
				yield(UploadID{}, err)
				return
			}
			for _, parked := range batch {
				if !yield(parked.id, nil) {
					return
				}
			}
			if len(batch) < uploadBatch {
				return
			}
			after = batch[len(batch)-1]
		}
	}
}

// parkedBatch returns the next uploads of a branch behind after, at most uploadBatch. A zero id is behind all of its path, and an
// empty path before all.
func (s *Store) parkedBatch(ctx context.Context, b *branch, prefix string, after parkedUpload) ([]parkedUpload, error) {
	last := after.id
	if last.IsZero() {
		for i := range last {
			last[i] = 0xff
		}
	}
	from := schema.ParkedPrefix(b.repo.id, b.name)
	if after.path != "" && after.path >= prefix {
		from = append(schema.ParkedKey(b.repo.id, b.name, after.path, last), 0)
	}
	var batch []parkedUpload
	err := s.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(append(schema.ParkedPrefix(b.repo.id, b.name), prefix...), from, false) {
			if err != nil {
				return err
			}
			path, id, ok := schema.ParseParkedKey(row.Key)
			if !ok {
				return &Error{Op: "pfs.Uploads", Kind: KindCorrupt}
			}
			if batch = append(batch, parkedUpload{path, id}); len(batch) == uploadBatch {
				break
			}
		}
		return nil
	})
	return batch, err
}
