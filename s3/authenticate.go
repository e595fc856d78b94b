package s3

import (
	"crypto/subtle"

	"pfsd/s3/sigv2"
	"pfsd/s3/sigv4"
)

// authenticate checks that q is signed with the configured key, if there is one. A form bears its signature in its body; it
// is checked when that is read.
func (h *Handler) authenticate(q *request) error {
	if h.cfg.AccessKey == "" || q.isForm() {
		return nil
	}
	if sigv2.IsPresent(q.Request) {
		q.lower()
		accessKey, err := sigv2.Verify(q.Request, h.hostBucket(q.Request), h.secret, h.cfg.Now())
		q.author = accessKey
		return err
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
