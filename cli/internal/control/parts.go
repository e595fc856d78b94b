package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
)

// A stream of parts is a MIME multipart body. Each part has a JSON value in its header and bytes of any number, which
// need not be known beforehand. The last part is either the closing boundary or a fault: a stream that merely stops is
// incomplete, and reading it fails with io.ErrUnexpectedEOF.
const (
	headerItem  = "Pfsd-Item"
	headerFault = "Pfsd-Fault"
)

// PartWriter writes a stream of parts.
type PartWriter struct {
	mw *multipart.Writer
}

// NewPartWriter returns a writer of parts to w.
func NewPartWriter(w io.Writer) *PartWriter { return &PartWriter{mw: multipart.NewWriter(w)} }

// ContentType returns the media type of the stream, with what its reader must know.
func (p *PartWriter) ContentType() string {
	return "multipart/mixed; boundary=" + p.mw.Boundary()
}

// Next begins a part; its bytes are to be written to the writer returned, before the next call.
func (p *PartWriter) Next(item any) (io.Writer, error) { return p.part(headerItem, item) }

// Close ends the stream. With err it ends in a fault, which the reader gets in place of a further part.
func (p *PartWriter) Close(err error) error {
	if err != nil {
		if _, err := p.part(headerFault, FaultOf(err)); err != nil {
			return err
		}
	}
	return p.mw.Close()
}

func (p *PartWriter) part(header string, value any) (io.Writer, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return p.mw.CreatePart(textproto.MIMEHeader{header: {string(text)}})
}

// PartReader reads a stream of parts.
type PartReader struct {
	mr *multipart.Reader
}

// NewPartReader returns a reader of the parts in r, whose media type is contentType.
func NewPartReader(r io.Reader, contentType string) (*PartReader, error) {
	boundary, err := boundaryOf(contentType)
	if err != nil {
		return nil, err
	}
	return &PartReader{mr: multipart.NewReader(r, boundary)}, nil
}

// Next goes to the next part, sets item from its header and returns a reader of its bytes, valid until the next call. At
// the proper end of the stream it returns io.EOF, and when the stream ended in a fault, that.
func (p *PartReader) Next(item any) (io.Reader, error) {
	part, err := p.mr.NextRawPart()
	switch {
	case err == io.EOF:
		return nil, io.EOF
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	if text := part.Header.Get(headerFault); text != "" {
		var f Fault
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return nil, fmt.Errorf("malformed fault in a stream of parts: %w", err)
		}
		return nil, f.Err()
	}
	if err := json.Unmarshal([]byte(part.Header.Get(headerItem)), item); err != nil {
		return nil, fmt.Errorf("malformed header in a stream of parts: %w", err)
	}
	return part, nil
}
