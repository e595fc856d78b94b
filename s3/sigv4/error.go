package sigv4

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

func fail(code Code, message string) error { return &Error{Code: code, Message: message} }
