package s3

import (
	"slices"
	"strconv"
	"strings"

	"pfsd/pfs"
)

// metaPrefix is what the names of headers with user metadata begin with.
const metaPrefix = "x-amz-meta-"

// maxMetadata is how many bytes of user metadata an object may have, names and values.
const maxMetadata = 2 << 10

// redirectHeader is where an object says to what address a website sends on who asks for it. It is kept and given back; nobody is
// sent on. maxRedirect is how many bytes it may have.
const (
	redirectHeader = "x-amz-website-redirect-location"
	maxRedirect    = 2 << 10
)

// defaultContentType is what S3 gives objects whose writer named no type.
const defaultContentType = "binary/octet-stream"

// contentHeaders are the headers that are kept with an object and given back, in lower case. The content type is kept apart.
var contentHeaders = []string{
	"cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires",
}

// keptHeaders are all that are kept with an object and given back.
var keptHeaders = append(slices.Clone(contentHeaders), redirectHeader)

// refused are headers that ask for what is not done; to ignore them would be to promise it.
var refused = []string{
	"X-Amz-Server-Side-Encryption-Customer-Algorithm", "X-Amz-Object-Lock-Mode",
	"X-Amz-Object-Lock-Retain-Until-Date", "X-Amz-Object-Lock-Legal-Hold", "X-Amz-Write-Offset-Bytes",
}

// storageClasses are those that a client may name. All objects are stored alike, and shown as of the first.
var storageClasses = []string{
	storageClass, "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR",
	"DEEP_ARCHIVE", "OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS", "FSX_ONTAP",
}

// refuse refuses q when it asks for something with an object that is not done.
func (q *request) refuse() error {
	for _, name := range refused {
		if value := q.Header.Get(name); value != "" && !(strings.HasSuffix(name, "Legal-Hold") && value == "OFF") {
			return failWith(codeNotImplemented, "", "Header", strings.ToLower(name),
				"additionalMessage", "The header "+strings.ToLower(name)+" is not implemented.")
		}
	}
	if class := q.Header.Get("X-Amz-Storage-Class"); class != "" && !slices.Contains(storageClasses, class) {
		return failWith(codeInvalidStorageClass, "", "StorageClassRequested", class)
	}
	return q.refuseACL()
}

// metadata returns what q attaches to an object.
func (q *request) metadata() (*pfs.Meta, error) {
	meta := &pfs.Meta{ContentType: q.Header.Get("Content-Type")}
	if meta.ContentType == "" {
		meta.ContentType = defaultContentType
	}
	for _, name := range contentHeaders {
		value := q.Header.Get(name)
		if name == "content-encoding" {
			value = withoutChunked(q.Header.Values(name))
		}
		if value != "" && name != "content-type" {
			meta.Headers = with(meta.Headers, name, value)
		}
	}
	size := 0
	for name, values := range q.Header {
		if name, found := strings.CutPrefix(strings.ToLower(name), metaPrefix); found {
			value := decodeWords(strings.Join(values, ","))
			size += len(name) + len(value)
			meta.User = with(meta.User, name, value)
		}
	}
	if size > maxMetadata {
		return nil, failWith(codeMetadataTooLarge, "", "Size", strconv.Itoa(size), "MaxSizeAllowed", strconv.Itoa(maxMetadata))
	}
	to := q.Header.Get(redirectHeader)
	if to != "" {
		if !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "http://") && !strings.HasPrefix(to, "https://") || len(to) > maxRedirect {
			return nil, fail(codeInvalidRedirectLocation)
		}
		meta.Headers = with(meta.Headers, redirectHeader, to)
	}
	var err error
	meta.Tags, err = parseTagging(q.Header.Get("X-Amz-Tagging"))
	return meta, err
}

// mtime is the modification time that meta names, 0 for none.
func mtime(meta *pfs.Meta) int64 { return parseMtime(meta.User[mtimeName]) }

// with returns m with a value added; m may be nil.
func with(m map[string]string, name, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[name] = value
	return m
}
