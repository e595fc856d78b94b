package pfs

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// MaxParts is the highest number of a part.
const MaxParts = 10000

// Part is a piece of a future file that has been parked in an upload.
type Part struct {
	Number int
	Size   int64
	// Hash is the BLAKE3-256 of the part's own bytes.
	Hash Hash
	// Checksums as in Meta.
	Checksums map[string]string
	// Modified is when it was parked.
	Modified int64
}

// IngestedPart is a piece of a future file that has not been parked yet. Release it, parked or not.
type IngestedPart struct {
	// Hash is the BLAKE3-256 of the part's own bytes.
	Hash Hash
	Size int64
	part cas.Part
	pin  *cas.Pin
}

// Release lets go of the part. It may be called more than once.
func (p *IngestedPart) Release() { p.pin.Release() }

// IngestPart streams a piece of a future file into the store. offset is where in the file it will stand as far as is
// known: if it turns out otherwise, joining takes longer. r's error comes back unchanged; others are as with Ingest.
func (s *Store) IngestPart(ctx context.Context, r io.Reader, offset int64) (*IngestedPart, error) {
	src := &sourceReader{r: r}
	part, pin, err := s.contents.IngestPart(ctx, src, offset)
	if err != nil {
		return nil, src.errorOr("pfs.IngestPart", err)
	}
	return &IngestedPart{Hash: part.Hash, Size: part.Size, part: part, pin: pin}, nil
}

// CopyPart makes a part, for the given offset in the future file, of n bytes of c from off on. The error is of KindInvalid
// when c has no such range.
func (s *Store) CopyPart(ctx context.Context, c Content, off, n, offset int64) (*IngestedPart, error) {
	const op = "pfs.CopyPart"
	if off < 0 || n < 0 || off > c.Size-n {
		return nil, &Error{Op: op, Kind: KindInvalid}
	}
	part, pin, err := s.contents.AsPart(ctx, c, off, n, offset)
	if err != nil {
		return nil, wrap(op, err, "", "")
	}
	return &IngestedPart{Hash: part.Hash, Size: part.Size, part: part, pin: pin}, nil
}

// CreateUpload begins an upload of the file at path, which will bear meta. It is on disk on return. The ids of uploads are in
// the order in which they began: half of an id is the time, and half is random. The error is of
// KindRepoNotFound, KindBranchNotFound, KindReadOnly, or KindInvalid or KindNameTooLong for the path.
func (s *Store) CreateUpload(ctx context.Context, ref Ref, path string, meta *Meta) (Upload, error) {
	const op = "pfs.CreateUpload"
	if err := checkNewPath(op, path); err != nil {
		return Upload{}, err
	}
	id, err := s.newID()
	if err != nil {
		return Upload{}, err
	}
	var rec schema.UploadRecord
	err = s.committer.do(ctx, false, func(g *group) error {
		b, err := s.writable(op, ref)
		if err != nil {
			return err
		}
		s.lastUpload = max(g.now, s.lastUpload+1)
		binary.BigEndian.PutUint64(id[:], uint64(s.lastUpload))
		rec = schema.UploadRecord{Repo: b.repo.id, Branch: b.name, Path: path, Started: g.now, Meta: meta}
		g.put(schema.UploadKey(id), rec.Append(nil))
		g.put(schema.ParkedKey(b.repo.id, b.name, path, id), []byte{})
		return nil
	})
	if err != nil {
		return Upload{}, err
	}
	return uploadOf(id, rec), nil
}

func uploadOf(id UploadID, rec schema.UploadRecord) Upload {
	return Upload{ID: id, Path: rec.Path, Meta: rec.Meta, Started: timeOf(rec.Started)}
}

// PutPart parks a part under a number, from 1 to MaxParts, in the place of one that is there. It is on disk on return. The
// error is of KindUploadNotFound or KindInvalid.
func (s *Store) PutPart(
	ctx context.Context, ref Ref, id UploadID, number int, p *IngestedPart, checksums map[string]string,
) (Part, error) {
	const op = "pfs.PutPart"
	if number < 1 || number > MaxParts {
		return Part{}, &Error{Op: op, Kind: KindInvalid, Ref: ref.String()}
	}
	if err := cmp.Or(s.contents.Settle(ctx), p.pin.Err()); err != nil {
		return Part{}, wrap(op, err, ref.String(), "")
	}
	encoded, err := p.part.AppendBinary(nil)
	if err != nil {
		return Part{}, wrap(op, err, ref.String(), "")
	}
	rec := schema.PartRecord{Checksums: checksums, Part: encoded}
	err = s.committer.do(ctx, false, func(g *group) error {
		b, err := s.writable(op, ref)
		if err != nil {
			return err
		}
		if _, err := g.upload(ctx, b, id); err != nil {
			return err
		}
		rec.Modified = g.now
		g.put(schema.PartKey(id, number), rec.Append(nil))
		g.links = append(g.links, p.part.Root)
		return nil
	})
	if err != nil {
		return Part{}, err
	}
	return Part{Number: number, Size: p.Size, Hash: p.Hash, Checksums: checksums, Modified: rec.Modified}, nil
}

// upload returns the record of an upload of a branch.
func (g *group) upload(ctx context.Context, b *branch, id UploadID) (schema.UploadRecord, error) {
	value, err := g.get(ctx, schema.UploadKey(id))
	if err != nil {
		return schema.UploadRecord{}, err
	}
	return decodeUpload(b, id, value)
}

func decodeUpload(b *branch, id UploadID, value []byte) (schema.UploadRecord, error) {
	const op = "pfs.Upload"
	notFound := &Error{Op: op, Kind: KindUploadNotFound, Ref: id.String()}
	if value == nil {
		return schema.UploadRecord{}, notFound
	}
	rec, err := schema.DecodeUpload(value)
	switch {
	case err != nil:
		return rec, &Error{Op: op, Kind: KindCorrupt, Ref: id.String(), Err: err}
	case rec.Repo != b.repo.id || rec.Branch != b.name:
		return rec, notFound
	}
	return rec, nil
}

// Upload returns an upload of a branch. The error is of KindUploadNotFound, when it is of another branch too, or as with
// CreateUpload.
func (s *Store) Upload(ctx context.Context, ref Ref, id UploadID) (Upload, error) {
	rec, err := s.uploadRecord(ctx, ref, id)
	if err != nil {
		return Upload{}, err
	}
	return uploadOf(id, rec), nil
}

func (s *Store) uploadRecord(ctx context.Context, ref Ref, id UploadID) (schema.UploadRecord, error) {
	b, err := s.writable("pfs.Upload", ref)
	if err != nil {
		return schema.UploadRecord{}, err
	}
	value, err := s.getRow(ctx, schema.UploadKey(id))
	if err != nil {
		return schema.UploadRecord{}, wrap("pfs.Upload", err, ref.String(), "")
	}
	return decodeUpload(b, id, value)
}

// Parts returns the parts of an upload with numbers above after, ascending, at most limit of them; all when limit is 0.
// Errors are as with Upload.
func (s *Store) Parts(ctx context.Context, ref Ref, id UploadID, after, limit int) ([]Part, error) {
	var parts []Part
	err := s.scanParts(ctx, ref, id, after, func(number int, rec schema.PartRecord, part cas.Part) bool {
		parts = append(parts, Part{Number: number, Size: part.Size, Hash: part.Hash, Checksums: rec.Checksums,
			Modified: rec.Modified})
		return limit == 0 || len(parts) < limit
	})
	return parts, wrap("pfs.Parts", err, ref.String(), "")
}

// scanParts calls fn for the parts of a branch's upload with numbers above after, until it returns false. The upload and
// its parts are read at one instant: an upload that ends meanwhile has all of its parts or is not found.
func (s *Store) scanParts(
	ctx context.Context, ref Ref, id UploadID, after int, fn func(int, schema.PartRecord, cas.Part) bool,
) error {
	b, err := s.writable("pfs.Parts", ref)
	if err != nil {
		return err
	}
	return s.kv.View(ctx, func(r kv.Reader) error {
		value, err := r.Get(schema.UploadKey(id))
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		if _, err := decodeUpload(b, id, value); err != nil {
			return err
		}
		for row, err := range r.Scan(schema.PartPrefix(id), schema.PartKey(id, after+1), false) {
			if err != nil {
				return err
			}
			number, ok := schema.ParsePartKey(row.Key)
			rec, err := schema.DecodePart(row.Value)
			var part cas.Part
			if err == nil {
				part, err = cas.DecodePart(rec.Part)
			}
			if err != nil || !ok {
				return &Error{Op: "pfs.Parts", Kind: KindCorrupt, Ref: id.String(), Err: err}
			}
			if !fn(number, rec, part) {
				return nil
			}
		}
		return nil
	})
}

// JoinParts returns the content that chosen parts, in ascending order of their numbers, make together. The error is of
// KindInvalid when one is not there or has been replaced by other bytes since, KindUploadNotFound, or as with Ingest.
func (s *Store) JoinParts(ctx context.Context, ref Ref, id UploadID, chosen []Part) (*Ingested, error) {
	const op = "pfs.JoinParts"
	parts := make([]cas.Part, 0, len(chosen))
	err := s.scanParts(ctx, ref, id, 0, func(number int, _ schema.PartRecord, part cas.Part) bool {
		if n := len(parts); n < len(chosen) && chosen[n].Number == number && chosen[n].Hash == part.Hash {
			parts = append(parts, part)
		}
		return true
	})
	if err != nil {
		return nil, wrap(op, err, ref.String(), "")
	}
	if len(parts) < len(chosen) {
		return nil, &Error{Op: op, Kind: KindInvalid, Ref: ref.String()}
	}
	c, pin, err := s.contents.Join(ctx, parts)
	if err != nil {
		return nil, wrap(op, err, ref.String(), "")
	}
	return &Ingested{c, pin}, nil
}

// AbortUpload ends an upload and lets go of its parts. Errors are as with Upload.
func (s *Store) AbortUpload(ctx context.Context, ref Ref, id UploadID) error {
	return s.committer.do(ctx, false, func(g *group) error {
		b, err := s.writable("pfs.AbortUpload", ref)
		if err != nil {
			return err
		}
		return g.dropUpload(ctx, b, id)
	})
}

// uploadRows returns the keys of all rows of an upload of a branch.
func (g *group) uploadRows(ctx context.Context, b *branch, id UploadID) ([][]byte, error) {
	rec, err := g.upload(ctx, b, id)
	if err != nil {
		return nil, err
	}
	keys, err := g.partRows(ctx, id)
	return append(keys, schema.UploadKey(id), schema.ParkedKey(b.repo.id, b.name, rec.Path, id)), err
}

// dropRows deletes rows.
func (g *group) dropRows(keys [][]byte) {
	for _, key := range keys {
		g.delete(key)
	}
}

// abortUploads ends all uploads of a branch, each by itself, since a transaction has room for the parts of a few only. The
// branch may be gone already.
func (s *Store) abortUploads(ctx context.Context, b *branch) error {
	for id, err := range s.parked(ctx, b, "", parkedUpload{}) {
		if err == nil {
			err = s.committer.do(ctx, false, func(g *group) error { return g.dropUpload(ctx, b, id) })
		}
		if err != nil && KindOf(err) != KindUploadNotFound {
			return err
		}
	}
	return nil
}

// dropUpload ends an upload of a branch.
func (g *group) dropUpload(ctx context.Context, b *branch, id UploadID) error {
	rows, err := g.uploadRows(ctx, b, id)
	if err == nil {
		g.dropRows(rows)
	}
	return err
}

// dropUploads ends all uploads of a branch.
func (g *group) dropUploads(ctx context.Context, b *branch) error {
	for id, err := range g.store.parked(ctx, b, "", parkedUpload{}) {
		if err == nil {
			err = g.dropUpload(ctx, b, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
