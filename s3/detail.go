package s3

import (
	"encoding/xml"
	"fmt"
	"strconv"

	"pfsd/s3/sigv4"
)

// detail is an element by which the body of an error says more than its message, as S3 has it: SDKs show them.
type detail struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

// details returns pairs of name and value as elements.
func details(pairs ...string) []detail {
	var list []detail
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, detail{xml.Name{Local: pairs[i]}, pairs[i+1]})
	}
	return list
}

// failWith is failf with details, pairs of name and value; an empty message is the code's own.
func failWith(c code, message string, pairs ...string) error {
	return &apiError{code: c, message: message, details: details(pairs...)}
}

// failArgument is the error of an argument, a header or parameter or element, that has a wrong value.
func failArgument(name, value, message string) error {
	return failWith(codeInvalidArgument, message, "ArgumentName", name, "ArgumentValue", value)
}

// signatureDetails are the details of a request that was not let in.
func signatureDetails(e *sigv4.Error) []detail {
	list := details(e.Details...)
	if s := e.Signed; s != nil {
		list = append(list, details("AWSAccessKeyId", s.AccessKey, "StringToSign", s.Text, "SignatureProvided", s.Signature,
			"StringToSignBytes", hexBytes(s.Text))...)
		if s.Canonical != "" {
			list = append(list, details("CanonicalRequest", s.Canonical, "CanonicalRequestBytes", hexBytes(s.Canonical))...)
		}
	}
	return list
}

// hexBytes returns the bytes of s in hex, with spaces between them.
func hexBytes(s string) string { return fmt.Sprintf("% x", s) }

// addressed are the details that follow from the code of an error and from what q names.
func (q *request) addressed(c code) []detail {
	switch c {
	case codeNoSuchVersion:
		return details("VersionId", q.query.Get("versionId"))
	case codeNoSuchUpload:
		return details("UploadId", q.query.Get("uploadId"))
	case codeMethodNotAllowed:
		kind := "OBJECT"
		if q.key == "" {
			kind = "BUCKET"
		}
		if q.bucket == "" {
			kind = "SERVICE"
		}
		return details("Method", q.Method, "ResourceType", kind)
	case codeKeyTooLong:
		return details("Size", strconv.Itoa(len(q.key)), "MaxSizeAllowed", strconv.Itoa(maxKey))
	}
	return nil
}
