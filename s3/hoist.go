package s3

import (
	"strings"

	"pfsd/s3/checksum"
)

// signatureParameters are those of a presigned URL that are about its signature, in lower case. The user agent and the
// algorithm of a checksum that was made when the URL was signed say nothing about the request.
var signatureParameters = map[string]bool{
	"x-amz-algorithm": true, "x-amz-content-sha256": true, "x-amz-credential": true, "x-amz-date": true,
	"x-amz-expires": true, "x-amz-sdk-checksum-algorithm": true, "x-amz-security-token": true, "x-amz-signature": true,
	"x-amz-signedheaders": true, "x-amz-user-agent": true,
}

// lower brings headers back that were hoisted into the query of a presigned URL. SDKs do that with all x-amz- headers that
// they can, metadata and the source of a copy among them, so that who uses the URL need not know of them; the query is
// signed as headers are. What is sent as a header counts, too. In version 2 they are signed as the headers that they were:
// there they must be brought back before the signature is looked at.
func (q *request) lower() {
	version2 := q.query.Has("AWSAccessKeyId") && !q.query.Has("X-Amz-Algorithm")
	if !version2 && !q.query.Has("X-Amz-Algorithm") {
		return
	}
	for name, values := range q.query {
		lower := strings.ToLower(name)
		switch {
		case q.Header.Get(name) != "":
			continue
		case version2:
			if !strings.HasPrefix(lower, "x-amz-") && lower != "content-type" && lower != "content-md5" {
				continue
			}
		case !strings.HasPrefix(lower, "x-amz-") || signatureParameters[lower]:
			continue
		default:
			if a, ok := checksum.ParseHeader(name); ok && values[0] == checksum.Encode(a.New().Sum(nil)) {
				// SDKs sign URLs before there is a body, and add the checksum of none.
				continue
			}
		}
		q.Header.Set(name, strings.Join(values, ","))
	}
}
