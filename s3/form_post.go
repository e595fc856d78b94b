package s3

import (
	"encoding/xml"
	"errors"
	"hash"
	"math"
	"net/http"
	"net/url"
	"strings"

	"pfsd/s3/checksum"
	"pfsd/s3/postpolicy"
	"pfsd/s3/sigv2"
	"pfsd/s3/sigv4"
)

// postObject stores the file of a web form, if the policy in the form allows it. See
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html.
func (h *Handler) postObject(q *request) error {
	if !q.isForm() {
		return fail(codeNotImplemented)
	}
	if err := h.admitBody(q, -1); err != nil {
		return err
	}
	f, err := readForm(q)
	if err != nil {
		return err
	}
	q.key = f.fields["key"]
	if q.key == "" {
		return failArgument("key", "", "Bucket POST must contain a field named 'key'.  If it is specified, please check the "+
			"order of the fields.")
	}
	file := &sized{Reader: f.file, left: math.MaxInt64}
	if err := h.admit(q, f, file); err != nil {
		return err
	}
	// From here on q is the PutObject that the form stands for.
	put := q.Clone(q.Context())
	put.Header = f.header()
	q.Request = put
	if err := h.encrypt(q); err != nil {
		return err
	}
	if err := h.putForm(q, f, file); err != nil {
		return err
	}
	return h.answerForm(q, f)
}

// admit checks the form's signature and policy. A store without keys needs neither, but obeys a policy that is there.
func (h *Handler) admit(q *request, f *form, file *sized) error {
	if h.cfg.AccessKey != "" {
		accessKey, err := h.signerOf(f)
		if err != nil {
			return err
		}
		q.author = accessKey
	}
	if f.fields["policy"] == "" {
		return nil
	}
	policy, err := postpolicy.Parse(f.fields["policy"])
	if err != nil {
		return policyError(err)
	}
	f.fields["bucket"], f.fields["key"] = q.bucket, q.key
	if err := policy.Check(f.fields, h.cfg.Now()); err != nil {
		return policyError(err)
	}
	file.short, file.left = policy.Size()
	return nil
}

// signerOf returns whose signature the policy of f bears, of either version.
func (h *Handler) signerOf(f *form) (string, error) {
	switch {
	case f.fields["policy"] == "":
		return "", failf(codeAccessDenied, "Access Denied. A form must contain a policy and its signature.")
	case f.fields["x-amz-signature"] != "":
		return sigv4.VerifyForm(f.field, h.secret)
	case f.fields["awsaccesskeyid"] == "" || f.fields["signature"] == "":
		return "", failArgument("AWSAccessKeyId", f.fields["awsaccesskeyid"], "Bucket POST must contain fields named 'AWSAccessKeyId' and 'signature', or "+
			"'x-amz-signature'.  If they are specified, please check the order of the fields.")
	}
	accessKey := f.fields["awsaccesskeyid"]
	secret, ok := h.secret(accessKey)
	if !ok {
		return "", sigv4.UnknownKeyError(accessKey)
	}
	if !sigv2.Matches(secret, f.fields["policy"], f.fields["signature"]) {
		return "", sigv4.MismatchOf(sigv4.Signed{AccessKey: accessKey, Signature: f.fields["signature"], Text: f.fields["policy"]})
	}
	return accessKey, nil
}

// policyError is the S3 error of a policy that cannot be read, or does not allow the form.
func policyError(err error) error {
	var denied postpolicy.DeniedError
	if errors.As(err, &denied) {
		return failf(codeAccessDenied, denied.Error())
	}
	return failf(codeInvalidPolicyDocument, err.Error())
}

// putForm stores the file.
func (h *Handler) putForm(q *request, f *form, file *sized) error {
	ref, _, err := h.writable(q)
	if err != nil {
		return err
	}
	key, err := q.writableKey()
	if err != nil {
		return err
	}
	if err := q.refuse(); err != nil {
		return err
	}
	meta, err := q.metadata()
	if err != nil {
		return err
	}
	if f.fields["tagging"] != "" {
		if meta.Tags, err = decodeTagging(strings.NewReader(f.fields["tagging"])); err != nil {
			return err
		}
	}
	// The file of a form is never decoded.
	if err := q.refuseFrames(); err != nil {
		return err
	}
	body := &payload{request: q, size: -1, in: file, sums: map[checksum.Algorithm]hash.Hash{}}
	if err := body.openMD5(); err != nil {
		return err
	}
	if err := body.openChecksum(); err != nil {
		return err
	}
	return h.put(q, &link{ref: ref, key: key, meta: meta, mtime: mtime(meta)}, body)
}

// answerForm answers as the form wishes: sends the browser on, or with a status.
func (h *Handler) answerForm(q *request, f *form) error {
	header := q.w.Header()
	etag, location := header.Get("Etag"), h.location(q, q.key)
	if to := redirectOf(f); to != nil {
		query := to.Query()
		query.Set("bucket", q.bucket)
		query.Set("key", q.key)
		query.Set("etag", etag)
		to.RawQuery = query.Encode()
		header.Set("Location", to.String())
		return q.w.empty(http.StatusSeeOther)
	}
	header.Set("Location", location)
	switch f.fields["success_action_status"] {
	case "200":
		return q.w.empty(http.StatusOK)
	case "201":
		return q.w.xml(http.StatusCreated, struct {
			XMLName  xml.Name `xml:"PostResponse"`
			Location string
			Bucket   string
			Key      string
			ETag     string
		}{Location: location, Bucket: q.bucket, Key: q.key, ETag: etag})
	}
	return q.w.empty(http.StatusNoContent)
}

// redirectOf returns where a form wants the browser to go next; nil when nowhere that a browser may be sent.
func redirectOf(f *form) *url.URL {
	value := f.fields["success_action_redirect"]
	if value == "" {
		value = f.fields["redirect"]
	}
	to, err := url.Parse(value)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return nil
	}
	return to
}

// location returns the address of a key of q's bucket at this endpoint, in the style in which q names the bucket.
func (h *Handler) location(q *request, key string) string {
	scheme := "http://"
	if q.TLS != nil {
		scheme = "https://"
	}
	if h.hostBucket(q.Request) == "" {
		key = q.bucket + "/" + key
	}
	return scheme + q.Host + "/" + sigv4.Escape(key, true)
}
