package s3

import (
	"net/http"
	"time"

	"pfsd/pfs"
)

// listedPart is a part in a listing.
type listedPart struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
	checksumXML
}

// listParts lists the parts of an upload.
func (h *Handler) listParts(q *request) error {
	if err := h.admitAnswer(q); err != nil {
		return err
	}
	if _, live, err := h.uploadsOf(q); err == nil && !live {
		return fail(codeNoSuchUpload)
	}
	ref, upload, err := h.upload(q)
	if err != nil {
		return err
	}
	marker, err := q.number("part-number-marker", 0, pfs.MaxParts)
	if err != nil {
		return err
	}
	limit, err := q.number("max-parts", maxKeys, maxKeys)
	if err != nil {
		return err
	}
	parts, err := h.store.Parts(q.Context(), ref, upload.ID, marker, limit+1)
	if err != nil {
		return err
	}
	answer := struct {
		XMLName              struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
		Bucket               string
		Key                  string
		UploadID             string `xml:"UploadId"`
		Initiator            *owner
		Owner                *owner
		StorageClass         string
		PartNumberMarker     int
		NextPartNumberMarker int
		MaxParts             int
		IsTruncated          bool
		ChecksumAlgorithm    string `xml:",omitempty"`
		ChecksumType         string `xml:",omitempty"`
		Part                 []listedPart
	}{
		Bucket: q.bucket, Key: upload.Path, UploadID: upload.ID.String(), Initiator: theOwner(), Owner: theOwner(),
		StorageClass: "STANDARD", PartNumberMarker: marker, MaxParts: limit, IsTruncated: len(parts) > limit,
	}
	if a, t, ok := uploadChecksum(upload.Meta); ok {
		answer.ChecksumAlgorithm, answer.ChecksumType = a.String(), string(t)
	}
	for _, part := range parts[:min(limit, len(parts))] {
		shown := listedPart{PartNumber: part.Number, LastModified: xmlTime(time.Unix(0, part.Modified)),
			ETag: quote(h.styled(part.Hash.String(),
				upload.Meta)), Size: part.Size, checksumXML: checksumElements(part.Checksums)}
		shown.ChecksumType = ""
		answer.Part = append(answer.Part, shown)
		answer.NextPartNumberMarker = part.Number
	}
	return q.w.xml(http.StatusOK, answer)
}
