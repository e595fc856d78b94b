package s3

import (
	"crypto/subtle"
	"strings"

	"pfsd/s3/sigv4"
)

// authenticate checks that q is signed with the configured key, if there is one.
func (h *Handler) authenticate(q *request) error {
	if h.cfg.AccessKey == "" {
		return nil
	}
	if strings.HasPrefix(q.Header.Get("Authorization"), "AWS ") || q.query.Has("AWSAccessKeyId") {
		return failf(codeInvalidRequest, "Signatures of version 2 are not supported. Please use AWS4-HMAC-SHA256.")
	}
	identity, err := sigv4.Verify(q.Request, h.secret, h.cfg.Now())
	if err != nil {
		return err
	}
	q.identity, q.author = identity, identity.AccessKey
	return nil
}

// secret returns the secret of an access key, and whether there is one.
func (h *Handler) secret(accessKey string) (string, bool) {
	return h.cfg.SecretKey, subtle.ConstantTimeCompare([]byte(accessKey), []byte(h.cfg.AccessKey)) == 1
}
