package sigv4

import (
	"strconv"
	"time"
)

// Code classifies why a request was not let in.
type Code uint8

// The codes.
const (
	// Missing is a request without a signature, or without a date.
	Missing Code = 1 + iota
	// Malformed is an Authorization header that cannot be read.
	Malformed
	// BadQuery is a presigned query that cannot be read.
	BadQuery
	// Unsupported is another way of signing.
	Unsupported
	// NoPayloadHash is a signed request that does not say what its body hashes to.
	NoPayloadHash
	// NotSigned is a header that must be signed and is not.
	NotSigned
	// UnknownKey is an access key that there is not.
	UnknownKey
	// Mismatch is a wrong signature.
	Mismatch
	// Skewed is a request whose clock differs too much from ours.
	Skewed
	// Expired is a presigned URL whose time is over, or has not come.
	Expired
	// BadHeader is an Authorization header of version 2 that cannot be read.
	BadHeader
	// BadForm is a form whose fields about its signature cannot be read.
	BadForm
	codeEnd
)

// Codes returns every Code.
func Codes() []Code {
	codes := make([]Code, 0, codeEnd-1)
	for c := Missing; c < codeEnd; c++ {
		codes = append(codes, c)
	}
	return codes
}

// Error is why a request was not let in.
type Error struct {
	Code Code
	// Message is for the client.
	Message string
	// Signed, of a Mismatch, is what should have been signed; nil otherwise.
	Signed *Signed
	// Details are pairs of name and value that say more of it, as S3 names them; may be nil.
	Details []string
}

// Signed is what a signature was computed of. It has no secret in it: a client is told, so as to find where it differs.
type Signed struct {
	// AccessKey and Signature are what the client sent.
	AccessKey, Signature string
	// Text is what is signed; Canonical is the request in the form whose hash is in Text, empty for version 2.
	Text, Canonical string
}

// MismatchOf is the error of a signature that is not that of s.
func MismatchOf(s Signed) error {
	return &Error{Code: Mismatch, Signed: &s, Message: "The request signature we calculated does not match the signature " +
		"you provided. Check your key and signing method."}
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// UnknownKeyError is the error of an access key that there is not.
func UnknownKeyError(accessKey string) error {
	return fail(UnknownKey, "The AWS Access Key Id you provided does not exist in our records.", "AWSAccessKeyId", accessKey)
}

// SkewedError is the error of a request that was signed at a time too far from now.
func SkewedError(signed string, now time.Time) error {
	return fail(Skewed, "The difference between the request time and the current time is too large.", "RequestTime", signed,
		"ServerTime", now.UTC().Format(time.RFC3339), "MaxAllowedSkewMilliseconds", strconv.FormatInt(MaxSkew.Milliseconds(), 10))
}

// ExpiredError is the error of a presigned URL whose time was over at end.
func ExpiredError(end, now time.Time) error {
	return fail(Expired, "Request has expired", "Expires", end.UTC().Format(time.RFC3339),
		"ServerTime", now.UTC().Format(time.RFC3339))
}

func fail(code Code, message string, details ...string) error {
	return &Error{Code: code, Message: message, Details: details}
}
