package s3

import "net/http"

// code is the code of an S3 error, as https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html lists them.
type code string

// The codes that are answered.
const (
	codeAccessDenied                 code = "AccessDenied"
	codeAccessControlNotSupported    code = "AccessControlListNotSupported"
	codeAccessForbidden              code = "AccessForbidden"
	codeAuthorizationHeaderMalformed code = "AuthorizationHeaderMalformed"
	codeAuthorizationQueryParameters code = "AuthorizationQueryParametersError"
	codeBadDigest                    code = "BadDigest"
	codeBadRequest                   code = "BadRequest"
	codeBucketAlreadyOwnedByYou      code = "BucketAlreadyOwnedByYou"
	codeBucketNotEmpty               code = "BucketNotEmpty"
	codeClientGone                   code = "ClientClosedRequest"
	codeContentSHA256Mismatch        code = "XAmzContentSHA256Mismatch"
	codeEntityTooLarge               code = "EntityTooLarge"
	codeEntityTooSmall               code = "EntityTooSmall"
	codeExistingObjectIsDirectory    code = "ExistingObjectIsDirectory"
	codeIncompleteBody               code = "IncompleteBody"
	codeInsufficientStorage          code = "InsufficientStorage"
	codeInternalError                code = "InternalError"
	codeInvalidAccessKeyID           code = "InvalidAccessKeyId"
	codeInvalidArgument              code = "InvalidArgument"
	codeInvalidBucketName            code = "InvalidBucketName"
	codeInvalidDigest                code = "InvalidDigest"
	codeInvalidPart                  code = "InvalidPart"
	codeInvalidPartNumber            code = "InvalidPartNumber"
	codeInvalidPartOrder             code = "InvalidPartOrder"
	codeInvalidPolicyDocument        code = "InvalidPolicyDocument"
	codeInvalidRange                 code = "InvalidRange"
	codeInvalidRedirectLocation      code = "InvalidRedirectLocation"
	codeInvalidRequest               code = "InvalidRequest"
	codeInvalidStorageClass          code = "InvalidStorageClass"
	codeInvalidTag                   code = "InvalidTag"
	codeKeyTooLong                   code = "KeyTooLongError"
	codeMalformedPOSTRequest         code = "MalformedPOSTRequest"
	codeMalformedXML                 code = "MalformedXML"
	codeMalformedTrailer             code = "MalformedTrailerError"
	codeMaxPostPreDataLength         code = "MaxPostPreDataLengthExceeded"
	codeMetadataTooLarge             code = "MetadataTooLarge"
	codeMethodNotAllowed             code = "MethodNotAllowed"
	codeMissingSecurityHeader        code = "MissingSecurityHeader"
	codeMissingContentLength         code = "MissingContentLength"
	codeNoSuchBucket                 code = "NoSuchBucket"
	codeNoSuchKey                    code = "NoSuchKey"
	codeNoSuchUpload                 code = "NoSuchUpload"
	codeNoSuchVersion                code = "NoSuchVersion"
	codeNotImplemented               code = "NotImplemented"
	codeNotModified                  code = "NotModified"
	codeObjectParentIsFile           code = "ObjectParentIsFile"
	codeOperationAborted             code = "OperationAborted"
	codePreconditionFailed           code = "PreconditionFailed"
	codeRequestHeaderSectionTooLarge code = "RequestHeaderSectionTooLarge"
	codeRequestTimeout               code = "RequestTimeout"
	codeRequestTimeTooSkewed         code = "RequestTimeTooSkewed"
	codeServiceUnavailable           code = "ServiceUnavailable"
	codeSignatureDoesNotMatch        code = "SignatureDoesNotMatch"
	codeSlowDown                     code = "SlowDown"
)

// The codes of settings that no bucket or object has.
const (
	codeNoSuchBucketPolicy     code = "NoSuchBucketPolicy"
	codeNoSuchCORS             code = "NoSuchCORSConfiguration"
	codeNoSuchLifecycle        code = "NoSuchLifecycleConfiguration"
	codeNoSuchEncryption       code = "ServerSideEncryptionConfigurationNotFoundError"
	codeNoSuchObjectLock       code = "ObjectLockConfigurationNotFoundError"
	codeNoSuchObjectLockObject code = "NoSuchObjectLockConfiguration"
	codeNoSuchOwnership        code = "OwnershipControlsNotFoundError"
	codeNoSuchPublicAccess     code = "NoSuchPublicAccessBlockConfiguration"
	codeNoSuchReplication      code = "ReplicationConfigurationNotFoundError"
	codeNoSuchTagSet           code = "NoSuchTagSet"
	codeNoSuchWebsite          code = "NoSuchWebsiteConfiguration"
)

// codes says what is answered for each code. The messages of S3's codes are those of its "Error responses", or what it sends
// where that says it otherwise: tools compare them. One that says more begins with S3's.
var codes = map[code]struct {
	status  int
	message string
}{
	codeAccessDenied:                 {http.StatusForbidden, "Access Denied"},
	codeAccessControlNotSupported:    {http.StatusBadRequest, "The bucket does not allow ACLs"},
	codeAccessForbidden:              {http.StatusForbidden, "Access Forbidden"},
	codeAuthorizationHeaderMalformed: {http.StatusBadRequest, "The authorization header is malformed."},
	codeAuthorizationQueryParameters: {http.StatusBadRequest, "The authorization query parameters are malformed."},
	codeBadDigest: {http.StatusBadRequest,
		"The Content-MD5 or checksum you specified did not match what was received."},
	codeBadRequest: {http.StatusBadRequest, "Bad Request"},
	codeBucketAlreadyOwnedByYou: {http.StatusConflict, "Your previous request to create the named bucket succeeded and " +
		"you already own it."},
	codeBucketNotEmpty: {http.StatusConflict, "The bucket you tried to delete is not empty."},
	codeClientGone:     {statusClientGone, "The client closed the request."},
	codeContentSHA256Mismatch: {http.StatusBadRequest,
		"The provided 'x-amz-content-sha256' header does not match what was computed."},
	codeEntityTooLarge:            {http.StatusBadRequest, "Your proposed upload exceeds the maximum allowed size"},
	codeEntityTooSmall:            {http.StatusBadRequest, "Your proposed upload is smaller than the minimum allowed size"},
	codeExistingObjectIsDirectory: {http.StatusConflict, "A directory stands at this key."},
	codeIncompleteBody: {http.StatusBadRequest,
		"You did not provide the number of bytes specified by the Content-Length HTTP header."},
	codeInsufficientStorage: {http.StatusInsufficientStorage,
		"There is no space left; nothing was written. Reads and deletes go on."},
	codeInternalError:      {http.StatusInternalServerError, "We encountered an internal error. Please try again."},
	codeInvalidAccessKeyID: {http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records."},
	codeInvalidArgument:    {http.StatusBadRequest, "Invalid Argument"},
	codeInvalidBucketName: {http.StatusBadRequest,
		"The specified bucket is not valid. A bucket is BRANCH.REPO, REPO, TAG.REPO, COMMIT.REPO or COMMIT.BRANCH.REPO. The name " +
			"of a branch, tag or repo has 1 to 63 letters, digits, '_' and '-', begins and ends with a letter or digit, and is " +
			"not 32 hexadecimal digits, as the id of a commit is."},
	codeInvalidDigest: {http.StatusBadRequest, "The Content-MD5 you specified is not valid."},
	codeInvalidPart: {http.StatusBadRequest, "One or more of the specified parts could not be found. The part may not " +
		"have been uploaded, or the specified entity tag may not match the part's entity tag."},
	codeInvalidPartNumber: {http.StatusRequestedRangeNotSatisfiable, "The requested partnumber is not satisfiable"},
	codeInvalidPartOrder: {http.StatusBadRequest, "The list of parts was not in ascending order. Parts must be ordered by " +
		"part number."},
	codeInvalidPolicyDocument: {http.StatusBadRequest,
		"The content of the form does not meet the conditions specified in the policy document."},
	codeInvalidRange: {http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable"},
	codeInvalidRedirectLocation: {http.StatusBadRequest,
		"The website redirect location must have a prefix of 'http://' or 'https://' or '/'."},
	codeInvalidRequest:      {http.StatusBadRequest, "Invalid Request"},
	codeInvalidStorageClass: {http.StatusBadRequest, "The storage class you specified is not valid"},
	codeInvalidTag:          {http.StatusBadRequest, "The tag provided was not a valid tag."},
	codeKeyTooLong:          {http.StatusBadRequest, "Your key is too long"},
	codeMalformedPOSTRequest: {http.StatusBadRequest,
		"The body of your POST request is not well-formed multipart/form-data."},
	codeMalformedTrailer: {http.StatusBadRequest, "The request contained trailing data that was not well-formed or did not " +
		"conform to our published schema."},
	codeMalformedXML: {http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against " +
		"our published schema"},
	codeMaxPostPreDataLength: {http.StatusBadRequest,
		"Your POST request fields preceding the upload file were too large."},
	codeMetadataTooLarge: {http.StatusBadRequest, "Your metadata headers exceed the maximum allowed metadata size"},
	codeMethodNotAllowed: {http.StatusMethodNotAllowed,
		"The specified method is not allowed against this resource."},
	codeMissingSecurityHeader: {http.StatusBadRequest, "Your request was missing a required header"},
	codeMissingContentLength:  {http.StatusLengthRequired, "You must provide the Content-Length HTTP header."},
	codeNoSuchBucket:          {http.StatusNotFound, "The specified bucket does not exist"},
	codeNoSuchKey:             {http.StatusNotFound, "The specified key does not exist."},
	codeNoSuchUpload: {http.StatusNotFound,
		"The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or " +
			"completed."},
	codeNoSuchVersion: {http.StatusNotFound, "The specified version does not exist."},
	codeNotImplemented: {http.StatusNotImplemented,
		"A header you provided implies functionality that is not implemented"},
	codeNotModified:        {http.StatusNotModified, "Not Modified"},
	codeObjectParentIsFile: {http.StatusConflict, "A parent of this key is no directory."},
	codeOperationAborted: {http.StatusConflict, "A conflicting conditional operation is currently in progress " +
		"against this resource. Try again."},
	codePreconditionFailed: {http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold"},
	codeRequestHeaderSectionTooLarge: {http.StatusBadRequest,
		"Your request header section exceeds the maximum allowed size of 8192 bytes."},
	codeRequestTimeout: {http.StatusBadRequest,
		"Your socket connection to the server was not read from or written to within the timeout period. Idle connections " +
			"will be closed."},
	codeRequestTimeTooSkewed: {http.StatusForbidden,
		"The difference between the request time and the current time is too large."},
	codeServiceUnavailable: {http.StatusServiceUnavailable, "The store is closing. Please try again."},
	codeSignatureDoesNotMatch: {http.StatusForbidden,
		"The request signature we calculated does not match the signature you provided. Check your key and signing method."},
	codeSlowDown: {http.StatusServiceUnavailable, "The server is short of time or resources for now. Please try again."},

	codeNoSuchBucketPolicy:     {http.StatusNotFound, "The bucket policy does not exist"},
	codeNoSuchCORS:             {http.StatusNotFound, "The CORS configuration does not exist"},
	codeNoSuchLifecycle:        {http.StatusNotFound, "The lifecycle configuration does not exist"},
	codeNoSuchEncryption:       {http.StatusNotFound, "The server side encryption configuration was not found"},
	codeNoSuchObjectLock:       {http.StatusNotFound, "Object Lock configuration does not exist for this bucket"},
	codeNoSuchObjectLockObject: {http.StatusNotFound, "The specified object does not have a ObjectLock configuration"},
	codeNoSuchOwnership:        {http.StatusNotFound, "The bucket ownership controls were not found"},
	codeNoSuchPublicAccess:     {http.StatusNotFound, "The public access block configuration was not found"},
	codeNoSuchReplication:      {http.StatusNotFound, "The replication configuration was not found"},
	codeNoSuchTagSet:           {http.StatusNotFound, "The TagSet does not exist"},
	codeNoSuchWebsite:          {http.StatusNotFound, "The specified bucket does not have a website configuration"},
}
