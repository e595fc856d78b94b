package s3

import (
	"errors"
	"net/http"
	"strconv"

	"pfsd/pfs"
	"pfsd/s3/sigv4"
)

// apiError is an error with its S3 code.
type apiError struct {
	code code
	// message is for the client; empty for the code's own.
	message string
	cause   error
	// header is added to the answer; may be nil.
	header http.Header
	// details say more of it to the client; may be nil.
	details []detail
}

// Error returns the code and what is known of the cause, for the log.
func (e *apiError) Error() string {
	text := string(e.code)
	if e.message != "" {
		text += ": " + e.message
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *apiError) Unwrap() error { return e.cause }

func fail(c code) error { return &apiError{code: c} }

func failf(c code, message string) error { return &apiError{code: c, message: message} }

// kindCodes says which S3 error each kind of the core's errors is.
var kindCodes = map[pfs.Kind]code{
	pfs.KindInternal:       codeInternalError,
	pfs.KindInvalid:        codeInvalidArgument,
	pfs.KindNameTooLong:    codeKeyTooLong,
	pfs.KindTooLarge:       codeEntityTooLarge,
	pfs.KindRepoNotFound:   codeNoSuchBucket,
	pfs.KindBranchNotFound: codeNoSuchBucket,
	pfs.KindCommitNotFound: codeNoSuchVersion,
	pfs.KindFileNotFound:   codeNoSuchKey,
	pfs.KindUploadNotFound: codeNoSuchUpload,
	pfs.KindExists:         codeBucketAlreadyOwnedByYou,
	pfs.KindNotEmpty:       codeBucketNotEmpty,
	pfs.KindIsDir:          codeExistingObjectIsDirectory,
	pfs.KindNotDir:         codeObjectParentIsFile,
	pfs.KindReadOnly:       codeMethodNotAllowed,
	pfs.KindPermission:     codeAccessDenied,
	pfs.KindConflict:       codeOperationAborted,
	pfs.KindCorrupt:        codeInternalError,
	pfs.KindNoSpace:        codeInsufficientStorage,
	pfs.KindExhausted:      codeSlowDown,
	pfs.KindUnsupported:    codeNotImplemented,
	pfs.KindClosed:         codeServiceUnavailable,
	pfs.KindTimeout:        codeSlowDown,
	pfs.KindCanceled:       codeClientGone,
}

// signatureCodes says which S3 error each reason to refuse a signature is.
var signatureCodes = map[sigv4.Code]code{
	sigv4.Missing:       codeAccessDenied,
	sigv4.Malformed:     codeAuthorizationHeaderMalformed,
	sigv4.BadQuery:      codeAuthorizationQueryParameters,
	sigv4.Unsupported:   codeInvalidArgument,
	sigv4.NoPayloadHash: codeInvalidRequest,
	sigv4.NotSigned:     codeAccessDenied,
	sigv4.UnknownKey:    codeInvalidAccessKeyID,
	sigv4.Mismatch:      codeSignatureDoesNotMatch,
	sigv4.Skewed:        codeRequestTimeTooSkewed,
	sigv4.Expired:       codeAccessDenied,
	sigv4.BadHeader:     codeInvalidArgument,
	sigv4.BadForm:       codeInvalidArgument,
}

// apiErrorOf returns err, which a handler returned, as an S3 error.
func apiErrorOf(err error) *apiError {
	var api *apiError
	if errors.As(err, &api) {
		return api
	}
	var refused *sigv4.Error
	if errors.As(err, &refused) {
		return &apiError{code: signatureCodes[refused.Code], message: refused.Message, details: signatureDetails(refused)}
	}
	c, ok := kindCodes[pfs.KindOf(err)]
	if !ok {
		c = codeInternalError
	}
	return &apiError{code: c, message: messageOf(c, err), cause: err}
}

// messageOf returns a message that says more than the code's own, if that needs nothing but what the client sent.
func messageOf(c code, err error) string {
	var core *pfs.Error
	if !errors.As(err, &core) || core.Path == "" {
		return ""
	}
	switch c {
	case codeExistingObjectIsDirectory:
		return "A directory stands at " + strconv.Quote(core.Path) + "; a path is a file or a directory, never both."
	case codeObjectParentIsFile:
		return "Something that is no directory stands at " + strconv.Quote(core.Path) +
			" or above it; a path is a file or a directory, never both."
	}
	return ""
}

// errorAnswer is the body of an error.
type errorAnswer struct {
	XMLName    struct{} `xml:"Error"`
	Code       string
	Message    string
	Details    []detail
	BucketName string `xml:",omitempty"`
	Key        string `xml:",omitempty"`
	Resource   string
	RequestID  string `xml:"RequestId"`
	HostID     string `xml:"HostId"`
}

// fail answers q with err, unless an answer has begun: that is cut off, so that the client sees it is not whole.
func (h *Handler) fail(q *request, err error) {
	if q.w.status != 0 {
		return
	}
	e := apiErrorOf(err)
	row := codes[e.code]
	header := q.w.Header()
	for _, name := range []string{"Content-Length", "Content-Range", "Content-Encoding", "Etag", "Last-Modified",
		"Cache-Control", encryptionHeader} {
		header.Del(name)
	}
	for name, values := range e.header {
		header[name] = values
	}
	answer := errorAnswer{
		Code: string(e.code), Message: row.message, BucketName: q.bucket, Key: q.key,
		Resource: q.address(), RequestID: q.id, HostID: hostID(q.id),
	}
	if e.message != "" {
		answer.Message = e.message
	}
	if answer.Details = e.details; len(e.details) == 0 {
		answer.Details = q.addressed(e.code)
	}
	_ = q.w.xml(row.status, answer)
}
