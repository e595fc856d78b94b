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

type listedPrefix struct {
	Prefix *keyText
}

// listResult is what the answers of both versions of ListObjects share.
type listResult struct {
	XMLName        struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name           string
	Prefix         *keyText
	Delimiter      string `xml:",omitempty"`
	MaxKeys        int
	EncodingType   string `xml:",omitempty"`
	IsTruncated    bool
	Contents       []byte `xml:",innerxml"` // markup
	CommonPrefixes []listedPrefix
}

// listObjects answers the first version of ListObjects.
func (h *Handler) listObjects(q *request) error {
	if err := h.admitAnswer(q); err != nil {
		return err
	}
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
		Marker     *keyText
		NextMarker *keyText
	}{listResult: *result, Marker: anyText(encode(marker))}
	if p.more && p.grouped {
		answer.NextMarker = textOf(encode(p.last()))
	}
	return q.w.xml(http.StatusOK, answer)
}

// listObjectsV2 answers the second version, in which the place to go on is a token.
func (h *Handler) listObjectsV2(q *request) error {
	if err := h.admitAnswer(q); err != nil {
		return err
	}
	if q.query.Get("list-type") != "2" {
		return failArgument("list-type", q.query.Get("list-type"), "list-type must be 2.")
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
		StartAfter            *keyText
	}{listResult: *result, KeyCount: len(p.items), StartAfter: textOf(encode(start))}
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
		Name: q.bucket, Prefix: anyText(encode(l.prefix)), Delimiter: encode(l.delimiter()), MaxKeys: l.limit,
		EncodingType: q.query.Get("encoding-type"), IsTruncated: p.more,
	}
	const usual = 320 // bytes of an item
	result.Contents = make([]byte, 0, usual*len(p.items))
	for i := range p.items {
		item := &p.items[i]
		if item.common {
			result.CommonPrefixes = append(result.CommonPrefixes, listedPrefix{textOf(encode(item.key))})
			continue
		}
		h.listed((*markup)(&result.Contents), item, snapshot.Version(), encode, withOwner)
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
		return listing{}, failArgument("delimiter", delimiter, `The delimiter must be "/", which separates directories.`)
	}
	return listing{prefix: q.query.Get("prefix"), grouped: delimiter != "", after: after, limit: limit}, nil
}

// listed appends an item as a listing shows it.
func (h *Handler) listed(m *markup, item *listItem, v pfs.Version, encode func(string) string, withOwner bool) {
	m.open("Contents")
	m.text("Key", encode(item.key))
	m.time("LastModified", h.lastModified(&item.entry, v))
	m.etag(h.etag(&item.entry))
	if item.entry.Meta != nil {
		kind := ""
		for _, a := range checksum.Algorithms() {
			if value := item.entry.Meta.Checksums[a.Key()]; value != "" {
				m.text("ChecksumAlgorithm", a.String())
				kind = string(typeOf(value))
			}
		}
		m.optional("ChecksumType", kind)
	}
	m.number("Size", item.entry.Size())
	m.text("StorageClass", storageClass)
	if withOwner {
		m.owner()
	}
	m.end("Contents")
}

// storageClass is that of everything.
const storageClass = "STANDARD"
