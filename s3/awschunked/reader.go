// Package awschunked decodes the aws-chunked content encoding, in which S3 clients send a body in chunks that may each be
// signed, with trailers behind the last.
//
// On the wire a body is a sequence of
//
//	<size in hex>[;chunk-signature=<64 hex digits>] CRLF <size bytes> CRLF
//
// that ends with a chunk of size zero, behind which come trailer lines "name:value" and, when the body is signed,
// "x-amz-trailer-signature:<64 hex digits>", and an empty line. See
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html beside it.
package awschunked

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/textproto"
	"strconv"
	"strings"
)

// Errors of Reader. A body that ends early gives io.ErrUnexpectedEOF, and an error of the underlying reader comes back
// unchanged.
var (
	// ErrMalformed is a body that is not aws-chunked, or not of the form it was said to be.
	ErrMalformed = errors.New("awschunked: malformed body")
	// ErrSignature is a chunk or trailer whose signature is not what it must be.
	ErrSignature = errors.New("awschunked: wrong chunk signature")
)

// Limits of what is held in memory.
const (
	maxLine    = 4 << 10
	maxTrailer = 16 << 10
	// maxEmpty is how many empty lines may stand before the last line of a body.
	maxEmpty = 2
)

// Signer computes the signatures of a body, each of which depends on the one before. It is called in the order of the body.
type Signer interface {
	// Chunk returns the signature, in hex, of the next chunk by the SHA-256 of its data.
	Chunk(digest [sha256.Size]byte) string
	// Trailer returns the signature, in hex, of the trailer by the SHA-256 of its lines, each ended by a newline.
	Trailer(digest [sha256.Size]byte) string
}

// Form says what a body must look like.
type Form struct {
	// Signed is set when each chunk must carry a signature.
	Signed bool
	// Trailer is set when trailers may follow the last chunk.
	Trailer bool
	// Signer checks the signatures of a signed body; nil leaves them unchecked.
	Signer Signer
}

// Reader decodes a body. It never returns io.EOF before everything, signatures and trailers included, was found in order;
// data is handed out as it comes, so that what was read before an error must be thrown away.
type Reader struct {
	form Form
	in   *bufio.Reader
	// left is what is still to come of the chunk, or -1 between chunks.
	left int64
	// signature is what the chunk's header claimed, digest the running hash of its data.
	signature string
	digest    hash.Hash
	trailer   map[string]string
	err       error
}

// NewReader returns a Reader of a body in that form.
func NewReader(r io.Reader, form Form) *Reader {
	return &Reader{form: form, in: bufio.NewReaderSize(r, 16<<10), left: -1, digest: sha256.New()}
}

// Trailer returns the trailers by lower-case name, without the signature. It is complete once Read has returned io.EOF.
func (r *Reader) Trailer() map[string]string { return r.trailer }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.left < 0 {
		if r.err = r.begin(); r.err != nil {
			return 0, r.err
		}
	}
	n, err := r.in.Read(p[:min(int64(len(p)), r.left)])
	r.hash(p[:n])
	r.left -= int64(n)
	if r.left == 0 {
		err = r.end()
	} else if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	r.err = err
	return n, err
}

// begin reads a chunk's header. Behind the last chunk it reads the trailers too and returns io.EOF.
func (r *Reader) begin() error {
	line, err := r.line(false)
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	if r.left, err = parseSize(size); err != nil {
		return err
	}
	if r.signature, err = r.parseExtension(extension); err != nil {
		return err
	}
	if r.left > 0 {
		return nil
	}
	if err := r.verify(); err != nil {
		return err
	}
	if err := r.finish(); err != nil {
		return err
	}
	return io.EOF
}

// end reads what follows a chunk's data and checks its signature.
func (r *Reader) end() error {
	var mark [2]byte
	if _, err := io.ReadFull(r.in, mark[:]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	// A lone newline will not do: it would let a size that is one too large take the carriage return for data.
	if mark != [2]byte{'\r', '\n'} {
		return ErrMalformed
	}
	r.left = -1
	return r.verify()
}

// finish reads trailers up to the empty line that ends the body. The empty line itself is not insisted on, since some
// clients end the body without it; a trailer that was cut short lacks its signature or the checksum that was announced.
// Clients that end a trailer with a lone newline write another empty line: before the trailer's signature, or at the end.
func (r *Reader) finish() error {
	var signed bytes.Buffer
	signature := ""
	for empty := 0; ; {
		line, err := r.line(true)
		if err == io.ErrUnexpectedEOF && empty > 0 && !(r.form.Signed && r.form.Trailer) {
			return ErrMalformed
		}
		if err != nil {
			return err
		}
		if line == "" {
			if !r.more() {
				break
			}
			if empty++; empty > maxEmpty {
				return ErrMalformed
			}
			continue
		}
		name, value, found := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		signs := r.form.Signed && name == "x-amz-trailer-signature"
		switch {
		case !found || !r.form.Trailer || signed.Len() > maxTrailer || signature != "" || empty > 0 && !signs:
			return ErrMalformed
		case signs:
			signature = value
		case r.trailer[name] != "":
			// Of two values only one would be looked at.
			return ErrMalformed
		default:
			r.keep(name, value)
			signed.WriteString(name + ":" + value + "\n")
		}
	}
	if r.form.Signer == nil || !r.form.Trailer {
		return nil
	}
	if r.form.Signer.Trailer(sha256.Sum256(signed.Bytes())) != signature {
		return ErrSignature
	}
	return nil
}

// more reports whether there is anything behind what was read.
func (r *Reader) more() bool {
	_, err := r.in.Peek(1)
	return err == nil
}

func (r *Reader) keep(name, value string) {
	if r.trailer == nil {
		r.trailer = map[string]string{}
	}
	r.trailer[name] = value
}

// line reads up to a newline and returns what is before it, without a carriage return. At the end of the input it returns
// an empty line when eofOK and nothing was there.
func (r *Reader) line(eofOK bool) (string, error) {
	var line []byte
	for {
		piece, err := r.in.ReadSlice('\n')
		if len(line)+len(piece) > maxLine {
			return "", ErrMalformed
		}
		line = append(line, piece...)
		switch {
		case err == nil:
			return string(bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))), nil
		case err == bufio.ErrBufferFull:
			return "", ErrMalformed
		case err == io.EOF && eofOK && len(line) == 0:
			return "", nil
		case err == io.EOF:
			return "", io.ErrUnexpectedEOF
		default:
			return "", err
		}
	}
}

func (r *Reader) hash(data []byte) {
	if r.form.Signer != nil {
		r.digest.Write(data)
	}
}

// verify compares the signature of the chunk that ended with the one that its header claimed.
func (r *Reader) verify() error {
	if r.form.Signer == nil {
		return nil
	}
	var digest [sha256.Size]byte
	r.digest.Sum(digest[:0])
	r.digest.Reset()
	if r.form.Signer.Chunk(digest) != r.signature {
		return ErrSignature
	}
	return nil
}

// parseExtension returns the signature that a chunk header carries.
func (r *Reader) parseExtension(extension string) (string, error) {
	if !r.form.Signed {
		if extension != "" {
			return "", ErrMalformed
		}
		return "", nil
	}
	signature, found := strings.CutPrefix(textproto.TrimString(extension), "chunk-signature=")
	if raw, err := hex.DecodeString(signature); !found || err != nil || len(raw) != sha256.Size {
		return "", ErrMalformed
	}
	return signature, nil
}

// parseSize parses the size of a chunk; strconv alone would take signs and underscores.
func parseSize(s string) (int64, error) {
	s = textproto.TrimString(s)
	for i := range len(s) {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return 0, ErrMalformed
		}
	}
	size, err := strconv.ParseInt(s, 16, 64)
	if err != nil {
		return 0, ErrMalformed
	}
	return size, nil
}
