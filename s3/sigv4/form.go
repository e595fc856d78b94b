package sigv4

import (
	"crypto/hmac"
	"encoding/hex"
	"time"
)

// VerifyForm checks the signature of a form's policy, where field returns the fields of the form, by lower-case name, and
// secret the secret of an access key, and whether there is one. It returns whose signature it is. How long that is good for
// the policy says. The error is an *Error.
func VerifyForm(field func(name string) string, secret func(accessKey string) (string, bool)) (string, error) {
	if field("x-amz-algorithm") != algorithm {
		return "", fail(BadForm, `X-Amz-Algorithm only supports "`+algorithm+`"`)
	}
	c := &claim{signature: field("x-amz-signature")}
	if err := c.parseCredential(field("x-amz-credential"), BadForm); err != nil {
		return "", err
	}
	stamp, err := time.Parse(timeFormat, field("x-amz-date"))
	if err != nil {
		return "", fail(BadForm, `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	if err := c.setTime(stamp, BadForm); err != nil {
		return "", err
	}
	key, ok := secret(c.accessKey)
	if !ok {
		return "", UnknownKeyError(c.accessKey)
	}
	want := hex.EncodeToString(sign(c.signingKey(key), field("policy")))
	if !hmac.Equal([]byte(want), []byte(c.signature)) {
		return "", MismatchOf(Signed{AccessKey: c.accessKey, Signature: c.signature, Text: field("policy")})
	}
	return c.accessKey, nil
}
