package s3

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"pfsd/pfs"
	"pfsd/s3/checksum"
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

// objectParts is a page of the parts that an object was uploaded in.
type objectParts struct {
	PartsCount           int
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Part                 []objectPart
}

type objectPart struct {
	PartNumber int
	Size       int64
	checksumXML
}

// getObjectAttributes answers what the header x-amz-object-attributes asks for.
func (h *Handler) getObjectAttributes(q *request) error {
	if err := h.admitAnswer(q); err != nil {
		return err
	}
	version, err := q.version()
	if err != nil {
		return err
	}
	if _, err := h.view(q.Context(), q.bucket, ""); err != nil {
		return err
	}
	asked, err := askedAttributes(q)
	if err != nil {
		return err
	}
	o, err := h.object(q.Context(), q.bucket, q.key, version)
	if err != nil {
		return err
	}
	var answer attributesResult
	for _, name := range asked {
		if err := h.attribute(q, &answer, name, o); err != nil {
			return err
		}
	}
	q.w.setVersionID(versionID(&o.entry, o.version))
	q.w.Header().Set("Last-Modified", h.lastModified(&o.entry, o.version).UTC().Format(http.TimeFormat))
	return q.w.xml(http.StatusOK, answer)
}

// attributes are those that can be asked for.
var attributes = []string{"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}

// askedAttributes returns the names of the attributes that q asks for.
func askedAttributes(q *request) ([]string, error) {
	var asked []string
	for name := range strings.SplitSeq(q.Header.Get("X-Amz-Object-Attributes"), ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return nil, failf(codeInvalidRequest, "The x-amz-object-attributes header specifying the attributes to be retrieved "+
				"is either missing or empty")
		case !slices.Contains(attributes, name):
			return nil, failArgument("x-amz-object-attributes", name, "Invalid attribute name specified.")
		}
		asked = append(asked, name)
	}
	return asked, nil
}

// attribute adds the attribute of that name.
func (h *Handler) attribute(q *request, answer *attributesResult, name string, o *object) (err error) {
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
		answer.ObjectParts, err = h.partsOf(q, o)
	}
	return err
}

// partsOf returns the page of o's parts that q asks for; nil when it was not uploaded in parts.
func (h *Handler) partsOf(q *request, o *object) (*objectParts, error) {
	layout, ok := layoutOf(&o.entry)
	if !ok {
		return nil, nil
	}
	marker, err := headerNumber(q, "X-Amz-Part-Number-Marker", 0, pfs.MaxParts)
	if err != nil {
		return nil, err
	}
	limit, err := headerNumber(q, "X-Amz-Max-Parts", maxKeys, maxKeys)
	if err != nil {
		return nil, err
	}
	page := &objectParts{PartsCount: len(layout.sizes), PartNumberMarker: marker, MaxParts: limit, NextPartNumberMarker: marker}
	for i := marker; i < len(layout.sizes); i++ {
		if len(page.Part) == limit {
			page.IsTruncated = true
			break
		}
		sums, err := h.partChecksum(q, o, &layout, i)
		if err != nil {
			return nil, err
		}
		shown := objectPart{PartNumber: i + 1, Size: layout.sizes[i], checksumXML: checksumElements(sums)}
		shown.ChecksumType = ""
		page.Part, page.NextPartNumberMarker = append(page.Part, shown), i+1
	}
	return page, nil
}

// partChecksum returns the checksum of the part of o at index i, by the algorithm of that of the whole; nil when that has
// none. When it was not kept it is computed, which reads the part.
func (h *Handler) partChecksum(q *request, o *object, layout *partLayout, i int) (map[string]string, error) {
	if o.entry.Meta == nil {
		return nil, nil
	}
	for _, a := range checksum.Algorithms() {
		if o.entry.Meta.Checksums[a.Key()] == "" {
			continue
		}
		if digest, ok := layout.digest(a, i); ok {
			return with(nil, a.Key(), checksum.Encode(digest)), nil
		}
		sum, part := a.New(), layout.part(i)
		if part.size > 0 {
			file := h.store.OpenContent(o.entry.Content)
			if _, err := file.CopyRange(q.Context(), sum, part.offset, part.size); err != nil {
				return nil, err
			}
		}
		return with(nil, a.Key(), checksum.Encode(sum.Sum(nil))), nil
	}
	return nil, nil
}

// headerNumber returns the number in a header of q, missing when it is not there, and at most most.
func headerNumber(q *request, name string, missing, most int) (int, error) {
	value := q.Header.Get(name)
	if value == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, failArgument(strings.ToLower(name), value, "Provided "+strings.ToLower(name)+
			" not an integer or within integer range")
	}
	return min(n, most), nil
}
