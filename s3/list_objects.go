package s3

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// maxKeys is how many keys a page of a listing has at most.
const maxKeys = 1000

// listedObject is a key in a listing.
type listedObject struct {
	Key               string
	LastModified      string
	ETag              string
	ChecksumAlgorithm []string `xml:",omitempty"`
	ChecksumType      string   `xml:",omitempty"`
	Size              int64
	StorageClass      string
	Owner             *owner `xml:",omitempty"`
}

type listedPrefix struct {
	Prefix string
}

// listResult is what the answers of both versions of ListObjects share.
type listResult struct {
	XMLName        struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name           string
	Prefix         string
	Delimiter      string `xml:",omitempty"`
	MaxKeys        int
	EncodingType   string `xml:",omitempty"`
	IsTruncated    bool
	Contents       []listedObject
	CommonPrefixes []listedPrefix
}

// listObjects answers the first version of ListObjects.
func (h *Handler) listObjects(q *request) error {
	encode, err := encoder(q)
	if err != nil {
		return err
	}
	marker := q.query.Get("marker")
	p, result, err := h.listPage(q, marker, true)
	if err != nil {
		return err
	}
	answer := struct {
		listResult
		Marker     string
		NextMarker string `xml:",omitempty"`
	}{listResult: *result, Marker: encode(marker)}
	if p.more && p.grouped {
		answer.NextMarker = encode(p.last())
	}
	return q.w.xml(http.StatusOK, answer)
}

// listObjectsV2 answers the second version, in which the place to go on is a token.
func (h *Handler) listObjectsV2(q *request) error {
	if q.query.Get("list-type") != "2" {
		return failf(codeInvalidArgument, "list-type must be 2.")
	}
	encode, err := encoder(q)
	if err != nil {
		return err
	}
	start := q.query.Get("start-after")
	after := start
	token := q.query.Get("continuation-token")
	if token != "" {
		if after, err = decodeToken(token); err != nil {
			return err
		}
	}
	p, result, err := h.listPage(q, after, q.query.Get("fetch-owner") == "true")
	if err != nil {
		return err
	}
	answer := struct {
		listResult
		KeyCount              int
		ContinuationToken     *string `xml:",omitempty"`
		NextContinuationToken string  `xml:",omitempty"`
		StartAfter            string  `xml:",omitempty"`
	}{listResult: *result, KeyCount: len(p.items), StartAfter: encode(start)}
	if q.query.Has("continuation-token") {
		answer.ContinuationToken = &token
	}
	if p.more {
		answer.NextContinuationToken = encodeToken(p.last())
	}
	return q.w.xml(http.StatusOK, answer)
}

// listPage lists the page behind after that q asks for.
func (h *Handler) listPage(q *request, after string, withOwner bool) (*page, *listResult, error) {
	snapshot, err := h.view(q.Context(), q.bucket, "")
	if err != nil {
		return nil, nil, err
	}
	l, err := h.askedListing(q, after)
	if err != nil {
		return nil, nil, err
	}
	encode, err := encoder(q)
	if err != nil {
		return nil, nil, err
	}
	p := &page{listing: l}
	if utf8.ValidString(l.prefix) && !strings.Contains(l.prefix, "\x00") {
		if p, err = list(q.Context(), snapshot, l); err != nil {
			return nil, nil, err
		}
	}
	result := &listResult{
		Name: q.bucket, Prefix: encode(l.prefix), Delimiter: encode(l.delimiter()), MaxKeys: l.limit,
		EncodingType: q.query.Get("encoding-type"), IsTruncated: p.more,
	}
	for i := range p.items {
		item := &p.items[i]
		if item.common {
			result.CommonPrefixes = append(result.CommonPrefixes, listedPrefix{encode(item.key)})
			continue
		}
		result.Contents = append(result.Contents, h.listed(item, snapshot.Version(), encode))
		if withOwner {
			result.Contents[len(result.Contents)-1].Owner = theOwner()
		}
	}
	return p, result, nil
}

// askedListing returns what of a bucket's keys q asks for, from the page behind after.
func (h *Handler) askedListing(q *request, after string) (listing, error) {
	limit, err := q.number("max-keys", maxKeys, maxKeys)
	if err != nil {
		return listing{}, err
	}
	delimiter := q.query.Get("delimiter")
	if delimiter != "" && delimiter != "/" {
		return listing{}, failf(codeInvalidArgument, `The delimiter must be "/", which separates directories.`)
	}
	return listing{prefix: q.query.Get("prefix"), grouped: delimiter != "", after: after, limit: limit}, nil
}

// listed returns an item as a listing shows it.
func (h *Handler) listed(item *listItem, v pfs.Version, encode func(string) string) listedObject {
	o := listedObject{
		Key: encode(item.key), LastModified: xmlTime(h.lastModified(&item.entry, v)), ETag: quote(h.etag(&item.entry)),
		Size: item.entry.Size(), StorageClass: "STANDARD",
	}
	if item.entry.Meta != nil {
		for _, a := range checksum.Algorithms() {
			if value := item.entry.Meta.Checksums[a.Key()]; value != "" {
				o.ChecksumAlgorithm = append(o.ChecksumAlgorithm, a.String())
				o.ChecksumType = string(typeOf(value))
			}
		}
	}
	return o
}
