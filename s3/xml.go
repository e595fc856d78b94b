package s3

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"pfsd/s3/sigv4"
)

// namespace is that of all S3 answers but errors.
const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// maxXML is the largest XML body that is read: 10,000 parts, or 1,000 keys, with all that can be said of each.
const maxXML = 8 << 20

// bodies has *bytes.Buffer for answers.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// xml answers with v as XML.
func (w *response) xml(status int, v any) error {
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	body.WriteString(xml.Header)
	if err := xml.NewEncoder(body).Encode(v); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "application/xml")
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	if w.request.Method == http.MethodHead || status == http.StatusNotModified {
		return nil
	}
	_, err := w.Write(body.Bytes())
	return err
}

// empty answers with no body.
func (w *response) empty(status int) error {
	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", "0")
	}
	w.WriteHeader(status)
	return nil
}

// readXML reads the body of q into v. An empty body leaves v alone and is reported.
func (h *Handler) readXML(q *request, v any) (empty bool, err error) {
	body, err := openPayload(q)
	if err != nil {
		return false, err
	}
	if err := h.admitXML(q, body.size); err != nil {
		return false, err
	}
	return decodeXML(body, v)
}

// decodeXML reads body, which must not be too large, into v.
func decodeXML(body io.Reader, v any) (empty bool, err error) {
	data, err := io.ReadAll(io.LimitReader(body, maxXML+1))
	switch {
	case err != nil:
		return false, err
	case len(data) > maxXML:
		return false, failf(codeMalformedXML, "The body is too large.")
	case len(bytes.TrimSpace(data)) == 0:
		return true, nil
	}
	if !isModest(data) {
		return false, failf(codeMalformedXML, "The XML has a document type, or more elements, or longer ones, than any request needs.")
	}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(v); err != nil {
		return false, &apiError{code: codeMalformedXML, cause: err}
	}
	if len(bytes.TrimSpace(data[decoder.InputOffset():])) > 0 {
		return false, failf(codeMalformedXML, "There is something behind the end of the XML.")
	}
	return false, nil
}

// Limits of an XML body's parts: 10,000 parts of an upload have 160,000 tags, and no tag of a request has many attributes.
const (
	maxMarkup = 200_000
	maxTag    = 8 << 10
)

// isModest reports whether data has few enough tags, and short enough ones, that decoding it takes not much more memory than
// its size: each open element and each attribute costs the decoder many times the bytes that it has in the text. No request
// has a document type.
func isModest(data []byte) bool {
	tags := 0
	for {
		start := bytes.IndexByte(data, '<')
		if start < 0 {
			return true
		}
		data = data[start:]
		length, ok := markupLength(data)
		if tags++; tags > maxMarkup || !ok {
			return false
		}
		data = data[length:]
	}
}

// markupLength returns how long the tag, or other markup, is that data begins with, as the decoder sees it; all of data when
// it does not end. It is not ok for a tag that is too long, or a document type.
func markupLength(data []byte) (length int, ok bool) {
	for _, kind := range [][2]string{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if rest, found := bytes.CutPrefix(data, []byte(kind[0])); found {
			text, _, ended := bytes.Cut(rest, []byte(kind[1]))
			if !ended {
				return len(data), true
			}
			return len(kind[0]) + len(text) + len(kind[1]), true
		}
	}
	if bytes.HasPrefix(data, []byte("<!")) {
		return 0, false
	}
	var quote byte
	for i, c := range data[:min(len(data), maxTag)] {
		switch {
		case quote == 0 && c == '>':
			return i + 1, true
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return len(data), len(data) <= maxTag
}

// xmlTime returns t as XML answers have it.
func xmlTime(t time.Time) string { return t.UTC().Format(xmlTimeFormat) }

const xmlTimeFormat = "2006-01-02T15:04:05.000Z"

// encoder returns how names are written in a listing: as they are, or percent-encoded for those that XML cannot hold.
func encoder(q *request) (func(string) string, error) {
	switch q.query.Get("encoding-type") {
	case "":
		return func(s string) string { return s }, nil
	case "url":
		return func(s string) string { return sigv4.Escape(s, true) }, nil
	}
	return nil, failArgument("encoding-type", q.query.Get("encoding-type"), "Invalid Encoding Method specified in Request")
}

// owner is the one owner of everything.
type owner struct {
	ID          string
	DisplayName string
}

func theOwner() *owner {
	return &owner{ID: "0000000000000000000000000000000000000000000000000000000000000000", DisplayName: "pfsd"}
}
