package control

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A stream of parts is a row of frames: a byte that says what it is, the length of its payload as 32 bits, big-endian, and
// the payload. A part is an item frame, with JSON, and any number of data frames, so that the length of its bytes need not
// be known beforehand. A hole frame among them stands for as many zeros as its 64 bits say. A void frame behind them takes the part back. The last frame is an end frame, with a Fault when the stream ends before its time: a stream that
// merely stops is incomplete. (MIME multipart bodies are not used because their end can be mistaken: the reader of the
// standard library takes one that is cut off between parts for whole.)
const (
	frameItem = 'I'
	frameData = 'D'
	frameHole = 'H'
	frameVoid = 'V'
	frameEnd  = 'E'
)

const (
	// maxData is the largest payload of a data frame that is written.
	maxData = 64 << 10
	// maxText bounds the payload of the other frames: an entry with its path and link target.
	maxText = 1 << 20
	// partsType is the media type.
	partsType = "application/vnd.pfsd.parts"
)

// errNotParts says that a stream is not one of parts.
var errNotParts = errors.New("malformed stream of parts")

// errVoid is the error, in place of the end, of the bytes of a part that its writer has taken back.
var errVoid = errors.New("the part is void")

// PartWriter writes a stream of parts.
type PartWriter struct {
	w *bufio.Writer
}

// NewPartWriter returns a writer of parts to w.
func NewPartWriter(w io.Writer) *PartWriter {
	return &PartWriter{w: bufio.NewWriterSize(w, 2*maxData)}
}

// Next begins a part; its bytes are to be written to the writer returned, before the next call.
func (p *PartWriter) Next(item any) (io.Writer, error) {
	text, err := json.Marshal(item)
	if err != nil {
		return nil, err
	}
	return partBody{p}, p.frame(frameItem, text)
}

// Void takes the part that was begun last back, whose bytes have turned out to be wrong: its reader gets an error at their
// end. Only parts that have bytes can be taken back.
func (p *PartWriter) Void() error { return p.frame(frameVoid, nil) }

// Hole writes n zeros as bytes of the part that was begun last, without sending them.
func (p *PartWriter) Hole(n int64) error {
	if n == 0 {
		return nil
	}
	return p.frame(frameHole, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// Close ends the stream and writes out what is buffered. With err it ends in a fault, which the reader gets in place of a
// further part.
func (p *PartWriter) Close(err error) error {
	var text []byte
	if err != nil {
		var marshalErr error
		if text, marshalErr = json.Marshal(FaultOf(err)); marshalErr != nil {
			return marshalErr
		}
	}
	if err := p.frame(frameEnd, text); err != nil {
		return err
	}
	return p.w.Flush()
}

func (p *PartWriter) frame(kind byte, payload []byte) error {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))
	if _, err := p.w.Write(head); err != nil {
		return err
	}
	_, err := p.w.Write(payload)
	return err
}

// partBody writes the bytes of the part that was begun last.
type partBody struct {
	parts *PartWriter
}

// Write writes b in data frames.
func (p partBody) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		piece := b[:min(len(b), maxData)]
		if err := p.parts.frame(frameData, piece); err != nil {
			return n, err
		}
		n += len(piece)
		b = b[len(piece):]
	}
	return n, nil
}

// PartBody is a reader of the bytes of a part. Zeros returns how many of those that come next are known to be zeros, and Skip skips
// so many of them, or fewer.
type PartBody interface {
	io.Reader
	Zeros() int64
	Skip(n int64)
}

// PartReader reads a stream of parts.
type PartReader struct {
	r *bufio.Reader
	// left is how much of the current data frame is still to be read.
	left int64
	// hole is how many zeros come next, before what is left.
	hole int64
	// void is set when the reader of the current part was told that the part is void.
	void bool
}

// NewPartReader returns a reader of the parts in r, which must be of the media type contentType.
func NewPartReader(r io.Reader, contentType string) (*PartReader, error) {
	if contentType != partsType {
		return nil, errNotParts
	}
	return &PartReader{r: bufio.NewReaderSize(r, maxData)}, nil
}

// Next goes to the next part, sets item from it and returns a reader of its bytes, valid until the next call. At the proper
// end of the stream it returns io.EOF, and when the stream ended in a fault, that.
func (p *PartReader) Next(item any) (PartBody, error) {
	if err := p.skip(); err != nil {
		return nil, err
	}
	kind, size, err := p.head()
	if err != nil {
		return nil, err
	}
	if size > maxText {
		return nil, errNotParts
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(p.r, text); err != nil {
		return nil, cutShort(err)
	}
	switch kind {
	case frameItem:
		if err := json.Unmarshal(text, item); err != nil {
			return nil, fmt.Errorf("%w: %w", errNotParts, err)
		}
		return (*partData)(p), nil
	case frameEnd:
		return nil, endOf(text)
	default:
		return nil, errNotParts
	}
}

// skip reads what is left of the current part. A part that is void must have been read to its end: else it was taken for one
// that holds.
func (p *PartReader) skip() error {
	for err := error(nil); !p.void; {
		p.hole = 0
		if _, err = io.CopyN(io.Discard, (*partData)(p), maxData); err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	p.void = false
	return nil
}

// endOf returns the error that an end frame stands for.
func endOf(text []byte) error {
	if len(text) == 0 {
		return io.EOF
	}
	var f Fault
	if err := json.Unmarshal(text, &f); err != nil {
		return fmt.Errorf("%w: %w", errNotParts, err)
	}
	return f.Err()
}

// head reads the head of a frame.
func (p *PartReader) head() (kind byte, size int64, err error) {
	var head [5]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return 0, 0, cutShort(err)
	}
	return head[0], int64(binary.BigEndian.Uint32(head[1:])), nil
}

// cutShort makes the end of the input, where it must not be, the error that it is.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// partData reads the bytes of the current part: data frames up to a frame of another kind.
type partData PartReader

// Zeros returns how many of the bytes that come next are known to be zeros.
func (d *partData) Zeros() int64 { return d.hole }

// Skip skips n of the zeros that come next.
func (d *partData) Skip(n int64) { d.hole -= n }

// Read reads bytes of the part; io.EOF is the part's end, errVoid that of one that was taken back.
func (d *partData) Read(b []byte) (int, error) {
	p := (*PartReader)(d)
	for p.left == 0 && p.hole == 0 {
		if p.void {
			return 0, errVoid
		}
		kind, err := p.r.Peek(1)
		if err != nil {
			return 0, cutShort(err)
		}
		if !bytes.Contains([]byte{frameData, frameHole, frameVoid}, kind) {
			return 0, io.EOF
		}
		if err := p.nextData(); err != nil {
			return 0, err
		}
	}
	if p.hole > 0 {
		n := min(p.hole, int64(len(b)))
		clear(b[:n])
		p.hole -= n
		return int(n), nil
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	return n, cutShort(err)
}

// nextData reads the head of a frame of a part's bytes.
func (p *PartReader) nextData() error {
	kind, size, err := p.head()
	switch {
	case err != nil:
		return err
	case kind == frameData:
		p.left = size
		return nil
	case kind == frameVoid && size == 0:
		p.void = true
		return nil
	case kind == frameVoid || size != 8:
		return errNotParts
	}
	var payload [8]byte
	if _, err := io.ReadFull(p.r, payload[:]); err != nil {
		return cutShort(err)
	}
	if p.hole = int64(binary.BigEndian.Uint64(payload[:])); p.hole <= 0 {
		p.hole = 0
		return errNotParts
	}
	return nil
}
