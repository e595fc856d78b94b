package pfs

import (
	"bytes"
	"context"
	"slices"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// ExpireUploads ends the uploads of all branches that were begun before the given time and to which no part has been added
// since, and returns how many. Their parts are garbage then. One that is added to meanwhile stays, and so do all after a salvage,
// until a GC with AfterSalvage. The error is that of the
// first upload that could not be ended, or ctx's; those before it have ended all the same.
func (s *Store) ExpireUploads(ctx context.Context, before time.Time) (int, error) {
	const op = "pfs.ExpireUploads"
	if held, err := s.salvaged(ctx); err != nil || held != nil {
		return 0, wrap(op, err, "", "")
	}
	old, err := s.oldUploads(ctx, before.UnixNano())
	if err != nil {
		return 0, wrap(op, err, "", "")
	}
	expired := 0
	for _, id := range old {
		ended := false
		err := s.committer.do(ctx, false, func(g *group) (err error) {
			ended, err = g.expireUpload(ctx, id, before.UnixNano())
			return err
		})
		if err != nil {
			return expired, wrap(op, err, id.String(), "")
		}
		if ended {
			expired++
		}
	}
	return expired, nil
}

// oldUploads returns the uploads that were begun before that time.
func (s *Store) oldUploads(ctx context.Context, before int64) ([]UploadID, error) {
	var old []UploadID
	err := s.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(schema.UploadPrefix(), nil, false) {
			if err != nil {
				return err
			}
			var id UploadID
			rec, err := schema.DecodeUpload(row.Value)
			// A row that cannot be read is for a check to report.
			if copy(id[:], row.Key[1:]) == len(id) && err == nil && rec.Started < before {
				old = append(old, id)
			}
		}
		return nil
	})
	return old, err
}

// expireUpload ends an upload, unless a part has been added to it since that time.
func (g *group) expireUpload(ctx context.Context, id UploadID, before int64) (bool, error) {
	value, err := g.get(ctx, schema.UploadKey(id))
	if err != nil || value == nil {
		return false, err
	}
	rec, err := schema.DecodeUpload(value)
	if err != nil {
		return false, &Error{Op: "pfs.ExpireUploads", Kind: KindCorrupt, Ref: id.String(), Err: err}
	}
	rows, err := g.partRows(ctx, id)
	if err != nil {
		return false, err
	}
	for _, key := range rows {
		value, err := g.get(ctx, key)
		if err != nil {
			return false, err
		}
		if part, err := schema.DecodePart(value); err == nil && part.Modified >= before {
			return false, nil
		}
	}
	g.dropRows(append(rows, schema.UploadKey(id), schema.ParkedKey(rec.Repo, rec.Branch, rec.Path, id)))
	return true, nil
}

// partRows returns the keys of the parts of an upload.
func (g *group) partRows(ctx context.Context, id UploadID) ([][]byte, error) {
	parts := schema.PartPrefix(id)
	var keys [][]byte
	for key, value := range g.rows {
		if value != nil && bytes.HasPrefix([]byte(key), parts) {
			keys = append(keys, []byte(key))
		}
	}
	err := g.store.kv.View(ctx, func(r kv.Reader) error {
		for row, err := range r.Scan(parts, nil, false) {
			if err != nil {
				return err
			}
			if _, changed := g.rows[string(row.Key)]; !changed {
				keys = append(keys, slices.Clone(row.Key))
			}
		}
		return nil
	})
	return keys, err
}
