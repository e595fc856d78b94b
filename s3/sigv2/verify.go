// Package sigv2 verifies AWS signatures of version 2 on S3 requests: in the Authorization header, in the query of presigned
// URLs, and over the policy of a form.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html. Version 2 does not sign the body beyond
// the Content-MD5 header. Errors are those of sigv4, so that one table says what they are to a client.
package sigv2

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pfsd/s3/sigv4"
)

// IsPresent reports whether r claims to bear a signature of version 2.
func IsPresent(r *http.Request) bool {
	if strings.HasPrefix(r.Header.Get("Authorization"), "AWS ") {
		return true
	}
	query := sigv4.ParseQuery(r.URL.RawQuery)
	return query.Has("AWSAccessKeyId") && !query.Has("X-Amz-Algorithm")
}

// Verify checks the signature of r as of now and returns whose it is. bucket is the bucket when the host name bears it, else
// empty; secret returns the secret of an access key, and whether there is one. The error is a *sigv4.Error.
func Verify(
	r *http.Request, bucket string, secret func(accessKey string) (string, bool), now time.Time,
) (accessKey string, err error) {
	c, err := parseClaim(r, now)
	if err != nil {
		return "", err
	}
	key, ok := secret(c.accessKey)
	if !ok {
		return "", sigv4.UnknownKeyError(c.accessKey)
	}
	texts := texts(r, bucket, c.date)
	for _, text := range texts {
		if Matches(key, text, c.signature) {
			return c.accessKey, nil
		}
	}
	return "", sigv4.MismatchOf(sigv4.Signed{AccessKey: c.accessKey, Signature: c.signature, Text: texts[0]})
}

// Matches reports whether signature is that of text, in base64; a form's policy is signed as it stands.
func Matches(secret, text, signature string) bool {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(text))
	return hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(signature))
}

// claim is what a request says of its signature.
type claim struct {
	accessKey, signature string
	// date is what stands in the place of the date in the text that is signed.
	date string
}

func parseClaim(r *http.Request, now time.Time) (claim, error) {
	header := r.Header.Get("Authorization")
	if query := sigv4.ParseQuery(r.URL.RawQuery); query.Has("AWSAccessKeyId") {
		if header != "" {
			return claim{}, refuse(sigv4.BadHeader, "Only one auth mechanism allowed; only the Signature query parameter or "+
				"the Authorization header should be specified")
		}
		return parsePresigned(query, now)
	}
	key, signature, found := strings.Cut(strings.TrimPrefix(header, "AWS "), ":")
	if !found || key == "" || signature == "" {
		return claim{}, refuse(sigv4.BadHeader, "AWS authorization header is invalid. Expected AwsAccessKeyId:signature")
	}
	c := claim{accessKey: key, signature: signature}
	value := r.Header.Get("X-Amz-Date")
	if value == "" {
		value = r.Header.Get("Date")
		c.date = value
	}
	stamp, err := parseDate(value)
	if err != nil || stamp.Unix() < 0 {
		return c, refuse(sigv4.Missing, "AWS authentication requires a valid Date or x-amz-date header.")
	}
	if stamp.Before(now.Add(-sigv4.MaxSkew)) || stamp.After(now.Add(sigv4.MaxSkew)) {
		return c, sigv4.SkewedError(value, now)
	}
	return c, nil
}

// parseDate parses a date in one of the forms that clients write.
func parseDate(value string) (time.Time, error) {
	if stamp, err := http.ParseTime(value); err == nil {
		return stamp, nil
	}
	var stamp time.Time
	var err error
	for _, layout := range []string{time.RFC1123Z, "20060102T150405Z", time.RFC3339} {
		if stamp, err = time.Parse(layout, value); err == nil {
			break
		}
	}
	return stamp, err
}

func parsePresigned(query url.Values, now time.Time) (claim, error) {
	c := claim{accessKey: query.Get("AWSAccessKeyId"), signature: query.Get("Signature"), date: query.Get("Expires")}
	if c.signature == "" || c.date == "" {
		return c, refuse(sigv4.Missing,
			"Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
	}
	seconds, err := strconv.ParseInt(c.date, 10, 64)
	if err != nil {
		return c, refuse(sigv4.Missing, "Invalid date (should be seconds since epoch): "+strconv.Quote(c.date))
	}
	if now.Unix() > seconds {
		return c, sigv4.ExpiredError(time.Unix(seconds, 0), now)
	}
	return c, nil
}

func refuse(code sigv4.Code, message string) error { return &sigv4.Error{Code: code, Message: message} }
