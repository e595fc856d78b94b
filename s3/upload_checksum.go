package s3

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// uploadChecksum returns which checksum the object of an upload will have, if one was asked for when it was created. Until
// the upload is complete, its metadata has the type where the value will be.
func uploadChecksum(meta *pfs.Meta) (checksum.Algorithm, checksum.Type, bool) {
	if meta != nil {
		for _, a := range checksum.Algorithms() {
			if t := checksum.Type(meta.Checksums[a.Key()]); a.Allows(t) {
				return a, t, true
			}
		}
	}
	return 0, "", false
}

// partDigests returns the checksums of parts.
func partDigests(a checksum.Algorithm, parts []pfs.Part) ([]checksum.Part, error) {
	pieces := make([]checksum.Part, len(parts))
	for i := range parts {
		digest, ok := a.Decode(parts[i].Checksums[a.Key()])
		if !ok {
			return nil, errors.New("a part lacks the checksum of its upload")
		}
		pieces[i] = checksum.Part{Digest: digest, Size: parts[i].Size}
	}
	return pieces, nil
}

// wholeUpload is what an upload makes: a content, and the parts that it is made of.
type wholeUpload struct {
	content pfs.Content
	parts   []pfs.Part
}

// checkWhole compares the checksum that the client gives for the object of an upload with the one that it has. One that the
// upload was not created with is computed, of the type that the client gives, and kept with the object in meta; only that reads
// the bytes.
func (h *Handler) checkWhole(q *request, upload *pfs.Upload, meta *pfs.Meta, whole *wholeUpload) error {
	_, kind, ok := uploadChecksum(upload.Meta)
	if asked := q.Header.Get("X-Amz-Checksum-Type"); ok && asked != "" && !strings.EqualFold(asked, string(kind)) {
		return failf(codeInvalidRequest, "The upload was created using the "+string(kind)+" checksum mode. The complete request "+
			"must use the same checksum mode.")
	}
	a, want, err := sentChecksum(q.Header)
	if err != nil || a == 0 {
		return err
	}
	if meta.Checksums[a.Key()] == "" {
		compute := h.fullChecksum
		if typeOf(want) == checksum.Composite || strings.EqualFold(q.Header.Get("X-Amz-Checksum-Type"), string(checksum.Composite)) {
			compute = h.compositeChecksum
		}
		have, err := compute(q.Context(), a, whole)
		if err != nil {
			return err
		}
		meta.Checksums = with(meta.Checksums, a.Key(), have)
	}
	have := meta.Checksums[a.Key()]
	if bare, _, _ := strings.Cut(have, "-"); want != have && want != bare {
		return failf(codeBadDigest, "The "+a.Key()+" you specified did not match the calculated checksum.")
	}
	return nil
}

// fullChecksum computes the checksum of the bytes of w.
func (h *Handler) fullChecksum(ctx context.Context, a checksum.Algorithm, w *wholeUpload) (string, error) {
	sum := a.New()
	if _, err := h.copyContent(ctx, sum, w.content); err != nil {
		return "", err
	}
	return checksum.Encode(sum.Sum(nil)), nil
}

// compositeChecksum computes the checksum that is made of those of the parts. A part that came with one is not read.
func (h *Handler) compositeChecksum(ctx context.Context, a checksum.Algorithm, w *wholeUpload) (string, error) {
	pieces, offset := make([]checksum.Part, len(w.parts)), int64(0)
	for i := range w.parts {
		size := w.parts[i].Size
		digest, ok := a.Decode(w.parts[i].Checksums[a.Key()])
		if !ok {
			sum := a.New()
			if size > 0 {
				if _, err := h.store.OpenContent(w.content).CopyRange(ctx, sum, offset, size); err != nil {
					return "", err
				}
			}
			digest = sum.Sum(nil)
		}
		pieces[i] = checksum.Part{Digest: digest, Size: size}
		offset += size
	}
	return a.Join(checksum.Composite, pieces), nil
}

// sentChecksum returns the one checksum in header, of a whole or made of those of parts; 0 for none.
func sentChecksum(header http.Header) (checksum.Algorithm, string, error) {
	found, value := checksum.Algorithm(0), ""
	for name, values := range header {
		a, ok := checksum.ParseHeader(name)
		switch {
		case !ok && !isChecksum(name):
			continue
		case !ok:
			return 0, "", unknownChecksum()
		case found != 0:
			return 0, "", manyChecksums()
		}
		found, value = a, values[0]
		bare, _, _ := strings.Cut(value, "-")
		if _, ok := a.Decode(bare); !ok {
			return 0, "", failf(codeInvalidRequest, "Value for "+a.Header()+" header is invalid.")
		}
	}
	return found, value, nil
}
