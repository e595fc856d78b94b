package s3

import (
	"net/http"

	"pfsd/pfs"
)

// listedUpload is an upload in a listing.
type listedUpload struct {
	Key               *keyText
	UploadID          string `xml:"UploadId"`
	Initiator         *owner
	Owner             *owner
	StorageClass      string
	Initiated         string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

// uploadsResult is the answer of ListMultipartUploads.
type uploadsResult struct {
	XMLName            struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket             string
	KeyMarker          *keyText
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      *keyText
	NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
	Prefix             *keyText
	EncodingType       string `xml:",omitempty"`
	MaxUploads         int
	IsTruncated        bool
	Upload             []listedUpload
}

// listUploads lists the uploads of a branch that are neither completed nor aborted. A version that cannot change has none.
func (h *Handler) listUploads(q *request) error {
	if err := h.admitAnswer(q); err != nil {
		return err
	}
	ref, live, err := h.uploadsOf(q)
	if err != nil {
		return err
	}
	encode, err := encoder(q)
	if err != nil {
		return err
	}
	limit, err := q.number("max-uploads", maxKeys, maxKeys)
	if err != nil {
		return err
	}
	if q.query.Get("delimiter") != "" {
		return failf(codeNotImplemented, "ListMultipartUploads does not take a delimiter.")
	}
	marker, id, err := uploadMarker(q)
	if err != nil {
		return err
	}
	prefix := q.query.Get("prefix")
	answer := uploadsResult{Bucket: q.bucket, KeyMarker: anyText(encode(marker)), UploadIDMarker: q.query.Get("upload-id-marker"),
		Prefix: anyText(encode(prefix)), EncodingType: q.query.Get("encoding-type"), MaxUploads: limit}
	if limit == 0 || !live {
		return q.w.xml(http.StatusOK, answer)
	}
	for upload, err := range h.store.Uploads(q.Context(), ref, prefix, marker, id) {
		if err != nil {
			return err
		}
		if len(answer.Upload) == limit {
			answer.IsTruncated = true
			break
		}
		answer.Upload = append(answer.Upload, listUpload(upload, encode))
		answer.NextKeyMarker, answer.NextUploadIDMarker = textOf(encode(upload.Path)), upload.ID.String()
	}
	if !answer.IsTruncated {
		answer.NextKeyMarker, answer.NextUploadIDMarker = nil, ""
	}
	return q.w.xml(http.StatusOK, answer)
}

func listUpload(upload pfs.Upload, encode func(string) string) listedUpload {
	shown := listedUpload{Key: textOf(encode(upload.Path)), UploadID: upload.ID.String(), Initiator: theOwner(), Owner: theOwner(),
		StorageClass: "STANDARD", Initiated: xmlTime(upload.Started)}
	if a, t, ok := uploadChecksum(upload.Meta); ok {
		shown.ChecksumAlgorithm, shown.ChecksumType = a.String(), string(t)
	}
	return shown
}

// uploadsOf returns the version that the bucket of q names, and whether there can be uploads to it.
func (h *Handler) uploadsOf(q *request) (pfs.Ref, bool, error) {
	ref, err := parseBucket(q.bucket)
	if err != nil {
		return ref, false, err
	}
	snapshot, err := h.view(q.Context(), q.bucket, "")
	if err != nil {
		return ref, false, err
	}
	return ref, snapshot.Version().Live, nil
}

// uploadMarker returns behind which upload the page begins. A key without an id is behind all uploads of that key.
func uploadMarker(q *request) (string, pfs.UploadID, error) {
	key, marker := q.query.Get("key-marker"), q.query.Get("upload-id-marker")
	if key == "" || marker == "" {
		return key, pfs.UploadID{}, nil
	}
	id, err := pfs.ParseCommitID(marker)
	if err != nil {
		return "", id, failArgument("upload-id-marker", marker, "Invalid uploadId marker")
	}
	return key, id, nil
}
