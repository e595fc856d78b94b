// Package sigv4 verifies AWS signatures of version 4 on S3 requests: in the Authorization header and in the query of
// presigned URLs, and the chain of chunk signatures of an aws-chunked body.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html. Nothing here reads a body: the
// hash that a request claims for its body is part of what is signed, and is compared by whoever reads the body.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// Limits that S3 sets.
const (
	// MaxSkew is how far the clock of a signed request may be from ours.
	MaxSkew = 15 * time.Minute
	// MaxExpiry is how long a presigned URL may be valid.
	MaxExpiry = 7 * 24 * time.Hour
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	// Unsigned is the payload hash of a body that is not signed.
	Unsigned = "UNSIGNED-PAYLOAD"
)

// Identity is what a valid signature proves.
type Identity struct {
	// AccessKey is whose secret signed the request.
	AccessKey string
	// Region is the region that the client named; any will do.
	Region string
	// Payload is the hash that the request claims for its body: 64 hex digits, Unsigned, or a STREAMING- form.
	Payload string
	// Presigned is set when the signature was in the query.
	Presigned bool

	chunks Chunks
}

// Chunks returns the signer of the chunks of the request's body. Each call starts a chain anew.
func (i *Identity) Chunks() *Chunks {
	c := i.chunks
	return &c
}

// Verify checks the signature of r as of now, where secret returns the secret of an access key, and whether there is one.
// The error is an *Error.
func Verify(r *http.Request, secret func(accessKey string) (string, bool), now time.Time) (*Identity, error) {
	claim, err := parseClaim(r, now)
	if err != nil {
		return nil, err
	}
	key, ok := secret(claim.accessKey)
	if !ok {
		return nil, UnknownKeyError(claim.accessKey)
	}
	signingKey := claim.signingKey(key)
	canonical := claim.canonical(r)
	text := strings.Join([]string{algorithm, claim.time, claim.scope(), hexSHA256([]byte(canonical))}, "\n")
	want := hex.EncodeToString(sign(signingKey, text))
	if !hmac.Equal([]byte(want), []byte(claim.signature)) {
		return nil, MismatchOf(Signed{AccessKey: claim.accessKey, Signature: claim.signature, Text: text, Canonical: canonical})
	}
	return &Identity{
		AccessKey: claim.accessKey, Region: claim.region, Payload: claim.payload, Presigned: claim.presigned,
		chunks: Chunks{key: signingKey, time: claim.time, scope: claim.scope(), previous: want},
	}, nil
}

// claim is what a request says of its signature.
type claim struct {
	accessKey, date, region string
	time                    string
	headers                 []string
	signature               string
	payload                 string
	presigned               bool
}

func (c *claim) scope() string { return c.date + "/" + c.region + "/s3/aws4_request" }

func (c *claim) signingKey(secret string) []byte {
	key := sign([]byte("AWS4"+secret), c.date)
	for _, part := range []string{c.region, "s3", "aws4_request"} {
		key = sign(key, part)
	}
	return key
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
