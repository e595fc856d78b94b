package s3

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net"
	"strconv"
	"strings"

	"pfsd/pfs"
	"pfsd/s3/awschunked"
	"pfsd/s3/checksum"
	"pfsd/s3/sigv4"
)

// payload is the body of a request, decoded. It returns io.EOF only when the body was all there and every digest that the
// client sent has been found right; any other error is one to answer with.
type payload struct {
	request *request
	in      io.Reader
	chunked *awschunked.Reader
	// size is how many bytes there must be; -1 when the client did not say.
	size int64
	// md5 and sha256 are the digests to be found; nil when the client sent none.
	md5, sha256 *digest
	// sums are the checksums that are computed, trailer the one to be found in the trailer.
	sums    map[checksum.Algorithm]hash.Hash
	want    map[checksum.Algorithm]string
	trailer checksum.Algorithm
	// ended is set once in has come to its end.
	ended bool
}

// digest is a running hash and what it must come to.
type digest struct {
	hash.Hash
	want []byte
}

func (d *digest) ok() bool { return string(d.Sum(nil)) == string(d.want) }

// openPayload returns the body of q by what its headers say of it; it reads nothing. The checksums of the algorithms in
// also are computed whether the client sent them or not.
func openPayload(q *request, also ...checksum.Algorithm) (*payload, error) {
	p, err := openPlain(q)
	if err != nil {
		return nil, err
	}
	if err := p.openChecksum(); err != nil {
		return nil, err
	}
	for _, a := range also {
		p.compute(a)
	}
	return p, nil
}

// openBody is openPayload for a body that becomes an object or part. That it is empty must be said: a request that lost its
// length on the way looks just like one without a body.
func openBody(q *request, also ...checksum.Algorithm) (*payload, error) {
	if q.ContentLength == 0 && q.Header.Get("Content-Length") == "" {
		return nil, fail(codeMissingContentLength)
	}
	p, err := openPayload(q, also...)
	if err == nil && max(q.ContentLength, p.size) > maxBody {
		return nil, fail(codeEntityTooLarge)
	}
	return p, err
}

// maxBody is the largest size that a body may announce, that of S3's largest objects. Nobody means more, and who waits for
// it fills the disk before the client is told.
const maxBody = 50 << 40

// openPlain is openPayload for operations whose checksum headers are not about the body.
func openPlain(q *request) (*payload, error) {
	p := &payload{request: q, size: q.ContentLength, in: clientReader{q}, sums: map[checksum.Algorithm]hash.Hash{}}
	if err := p.openHash(); err != nil {
		return nil, err
	}
	if err := p.openMD5(); err != nil {
		return nil, err
	}
	return p, nil
}

// openHash acts on x-amz-content-sha256: a digest, no digest, or a form of aws-chunked.
func (p *payload) openHash() error {
	value := p.request.Header.Get("X-Amz-Content-Sha256")
	if p.request.identity != nil {
		value = p.request.identity.Payload
	}
	if !strings.HasPrefix(value, "STREAMING-") {
		if err := p.request.refuseFrames(); err != nil {
			return err
		}
	}
	switch value {
	case "", sigv4.Unsigned:
		return nil
	case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		return p.openChunked(awschunked.Form{Trailer: true})
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
		return p.openChunked(awschunked.Form{Signed: true})
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
		return p.openChunked(awschunked.Form{Signed: true, Trailer: true})
	}
	if strings.HasPrefix(value, "STREAMING-") {
		return failf(codeNotImplemented, "The payload form "+strconv.Quote(value)+" is not implemented.")
	}
	want, err := hex.DecodeString(value)
	if err != nil || len(want) != sha256.Size {
		return failArgument("x-amz-content-sha256", value, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING form, or a valid "+
			"sha256 value.")
	}
	p.sha256 = &digest{sha256.New(), want}
	return nil
}

func (p *payload) openChunked(form awschunked.Form) error {
	if form.Signed && p.request.identity != nil {
		form.Signer = p.request.identity.Chunks()
	}
	value := p.request.Header.Get("X-Amz-Decoded-Content-Length")
	if value == "" {
		return fail(codeMissingContentLength)
	}
	size, err := strconv.ParseInt(value, 10, 64)
	if err != nil || size < 0 {
		return failArgument("x-amz-decoded-content-length", value, "x-amz-decoded-content-length must be a number of bytes.")
	}
	p.size = size
	p.chunked = awschunked.NewReader(p.in, form)
	p.in = p.chunked
	return nil
}

func (p *payload) openMD5() error {
	values := p.request.Header.Values("Content-Md5")
	if len(values) == 0 {
		return nil
	}
	want, err := base64.StdEncoding.DecodeString(values[0])
	if err != nil || len(want) != md5.Size {
		return failWith(codeInvalidDigest, "", "Content-MD5", values[0])
	}
	p.md5 = &digest{md5.New(), want}
	return nil
}

// openChecksum finds the one checksum that the client sends, in a header or in the trailer.
func (p *payload) openChecksum() error {
	p.want = map[checksum.Algorithm]string{}
	for name, values := range p.request.Header {
		a, ok := checksum.ParseHeader(name)
		switch {
		case !ok && isChecksum(name):
			return unknownChecksum()
		case !ok:
			continue
		}
		if _, ok := a.Decode(values[0]); !ok {
			return failf(codeInvalidRequest, "Value for "+a.Header()+" header is invalid.")
		}
		p.want[a] = values[0]
		p.compute(a)
	}
	if name := strings.TrimSpace(p.request.Header.Get("X-Amz-Trailer")); name != "" {
		a, ok := checksum.ParseHeader(name)
		if !ok || p.chunked == nil {
			return failf(codeInvalidRequest, "The value specified in the x-amz-trailer header is not supported")
		}
		if len(p.want) > 0 {
			return manyChecksums()
		}
		p.trailer = a
		p.want[a] = ""
		p.compute(a)
	}
	if len(p.want) > 1 {
		return manyChecksums()
	}
	return p.openAlgorithm()
}

// isChecksum reports whether a header's name is that of a checksum, of whatever algorithm: there are others that begin so.
func isChecksum(name string) bool {
	algorithm, found := strings.CutPrefix(strings.ToLower(name), checksum.HeaderPrefix)
	return found && algorithm != "algorithm" && algorithm != "mode" && algorithm != "type"
}

// unknownChecksum is the error of a checksum by no algorithm that is known. To ignore it would be to take the body unverified.
func unknownChecksum() error {
	return failf(codeInvalidRequest, "The algorithm type you specified in x-amz-checksum- header is invalid.")
}

// manyChecksums is the error of more than one checksum.
func manyChecksums() error {
	return failf(codeInvalidRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

// openAlgorithm acts on the headers that name an algorithm without giving its checksum.
func (p *payload) openAlgorithm() error {
	name := p.request.Header.Get("X-Amz-Sdk-Checksum-Algorithm")
	if name == "" {
		return nil
	}
	a, ok := checksum.Parse(name)
	if !ok {
		return unsupportedAlgorithm()
	}
	switch {
	case len(p.want) == 0:
		return failf(codeInvalidRequest, "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "+
			"x-amz-trailer headers were found.")
	case p.sums[a] == nil:
		return failf(codeInvalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.")
	}
	return nil
}

// unsupportedAlgorithm is the error of a name that is of no checksum algorithm.
func unsupportedAlgorithm() error {
	return failf(codeInvalidRequest, "Checksum algorithm provided is unsupported. Please try again with any of the "+
		"valid types: ["+checksum.Names()+"]")
}

func (p *payload) compute(a checksum.Algorithm) {
	if p.sums[a] == nil {
		p.sums[a] = a.New()
	}
}

// checksums returns what was computed, encoded, by the algorithms' keys; right once Read has returned io.EOF.
func (p *payload) checksums() map[string]string {
	if len(p.sums) == 0 {
		return nil
	}
	out := make(map[string]string, len(p.sums))
	for a, sum := range p.sums {
		out[a.Key()] = checksum.Encode(sum.Sum(nil))
	}
	return out
}

// Read implements io.Reader.
func (p *payload) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.hash(b[:n])
	p.request.received += int64(n)
	switch {
	case err == io.EOF:
		p.ended = true
		err = p.verify()
	case errors.Is(err, awschunked.ErrSignature):
		err = fail(codeSignatureDoesNotMatch)
	case errors.Is(err, awschunked.ErrMalformed):
		err = &apiError{code: codeInvalidRequest, message: "The body is not well-formed aws-chunked.", cause: err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = &apiError{code: codeIncompleteBody, cause: err}
	}
	return n, err
}

// reason returns why storing the body failed with err. A connection that ends in mid-body cancels the request, which may be
// noticed before the short body is; that is the reason all the same.
func (p *payload) reason(err error) error {
	if !p.ended && pfs.KindOf(err) == pfs.KindCanceled {
		return &apiError{code: codeIncompleteBody, cause: err}
	}
	return err
}

func (p *payload) hash(b []byte) {
	if p.md5 != nil {
		p.md5.Write(b)
	}
	if p.sha256 != nil {
		p.sha256.Write(b)
	}
	for _, sum := range p.sums {
		sum.Write(b)
	}
}

// verify compares, at the end of the body, everything with what the client said. It returns io.EOF when all is right.
func (p *payload) verify() error {
	switch {
	case p.size >= 0 && p.request.received != p.size:
		return fail(codeIncompleteBody)
	case p.sha256 != nil && !p.sha256.ok():
		return failWith(codeContentSHA256Mismatch, "", "ClientComputedContentSHA256", hex.EncodeToString(p.sha256.want),
			"S3ComputedContentSHA256", hex.EncodeToString(p.sha256.Sum(nil)))
	case p.md5 != nil && !p.md5.ok():
		return failWith(codeBadDigest, "The Content-MD5 you specified did not match what we received.",
			"ExpectedDigest", hex.EncodeToString(p.md5.want), "CalculatedDigest", checksum.Encode(p.md5.Sum(nil)))
	}
	if err := p.verifyTrailer(); err != nil {
		return err
	}
	if p.trailer != 0 {
		value := p.chunked.Trailer()[p.trailer.Header()]
		if _, ok := p.trailer.Decode(value); !ok {
			return failf(codeInvalidRequest, "Value for "+p.trailer.Header()+" trailing header is invalid.")
		}
		p.want[p.trailer] = value
	}
	for a, want := range p.want {
		if checksum.Encode(p.sums[a].Sum(nil)) != want {
			return failf(codeBadDigest, "The "+a.String()+" you specified did not match the calculated checksum.")
		}
	}
	return io.EOF
}

// verifyTrailer compares the names in the trailer with what was announced. What was not is refused, since nothing would
// look at it: a checksum that is not verified, say.
func (p *payload) verifyTrailer() error {
	if p.chunked == nil {
		return nil
	}
	trailer := p.chunked.Trailer()
	_, found := trailer[p.trailer.Header()]
	if p.trailer == 0 && len(trailer) > 0 || p.trailer != 0 && (!found || len(trailer) > 1) {
		return fail(codeMalformedTrailer)
	}
	return nil
}

// leave gives the body up, whose request has to leave its memory to others.
func (c clientReader) leave(cut error) error {
	c.stall.giveUp()
	c.cutBody()
	return slowDown(cut)
}

// clientReader reads a request's body, and tells a client that was too slow from one that sent too little. One that went
// away sent too little, too: it may have closed only its own side and still read the answer.
type clientReader struct{ *request }

// Read implements io.Reader.
func (c clientReader) Read(p []byte) (int, error) {
	if err := c.grant.Begin(); err != nil {
		return 0, c.leave(err)
	}
	n, err := c.stall.read(c.Body.Read, p)
	cut := c.grant.End(int64(n))
	var timeout net.Error
	switch {
	case cut != nil:
		return n, c.leave(cut)
	case err == nil, err == io.EOF:
		return n, err
	case errors.As(err, &timeout) && timeout.Timeout():
		return n, &apiError{code: codeRequestTimeout, cause: err}
	}
	return n, &apiError{code: codeIncompleteBody, cause: err}
}
