package s3

import (
	"net/http"
	"strings"
)

// attributesResult is the answer of GetObjectAttributes; only what was asked for is in it.
type attributesResult struct {
	XMLName      struct{}     `xml:"http://s3.amazonaws.com/doc/2006-03-01/ GetObjectAttributesResponse"`
	ETag         string       `xml:",omitempty"`
	Checksum     *checksumXML `xml:",omitempty"`
	ObjectParts  *objectParts `xml:",omitempty"`
	StorageClass string       `xml:",omitempty"`
	ObjectSize   *int64       `xml:",omitempty"`
}

type objectParts struct {
	PartsCount int
}

// getObjectAttributes answers what the header x-amz-object-attributes asks for.
func (h *Handler) getObjectAttributes(q *request) error {
	version, err := q.version()
	if err != nil {
		return err
	}
	o, err := h.object(q.Context(), q.bucket, q.key, version)
	if err != nil {
		return err
	}
	asked := strings.Join(q.Header.Values("X-Amz-Object-Attributes"), ",")
	if asked == "" {
		return failf(codeInvalidRequest, "The x-amz-object-attributes header specifying the attributes to be retrieved "+
			"is either missing or empty")
	}
	var answer attributesResult
	for name := range strings.SplitSeq(asked, ",") {
		if !h.attribute(&answer, strings.TrimSpace(name), o) {
			return failf(codeInvalidArgument, "Invalid attribute name specified.")
		}
	}
	q.w.setVersionID(versionID(&o.entry, o.version))
	q.w.Header().Set("Last-Modified", h.lastModified(&o.entry, o.version).UTC().Format(http.TimeFormat))
	return q.w.xml(http.StatusOK, answer)
}

// attribute adds the attribute of that name and reports whether there is one.
func (h *Handler) attribute(answer *attributesResult, name string, o *object) bool {
	switch name {
	case "ETag":
		answer.ETag = h.etag(&o.entry)
	case "StorageClass":
		answer.StorageClass = "STANDARD"
	case "ObjectSize":
		size := o.entry.Size()
		answer.ObjectSize = &size
	case "Checksum":
		if o.entry.Meta != nil && len(o.entry.Meta.Checksums) > 0 {
			sums := checksumElements(o.entry.Meta.Checksums)
			answer.Checksum = &sums
		}
	case "ObjectParts":
		if layout, ok := layoutOf(&o.entry); ok {
			answer.ObjectParts = &objectParts{PartsCount: len(layout.sizes)}
		}
	default:
		return false
	}
	return true
}
