package sigv4

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseClaim reads what r says of its signature and checks its times, but not the signature.
func parseClaim(r *http.Request, now time.Time) (*claim, error) {
	query := ParseQuery(r.URL.RawQuery)
	if query.Has("X-Amz-Algorithm") {
		return parsePresigned(r, query, now)
	}
	return parseHeader(r, now)
}

func parseHeader(r *http.Request, now time.Time) (*claim, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, fail(Missing, "Access Denied")
	}
	name, rest, _ := strings.Cut(header, " ")
	if name != algorithm {
		return nil, fail(Unsupported, "Unsupported Authorization Type")
	}
	fields := map[string]string{}
	for field := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[key] = value
	}
	c := &claim{signature: fields["Signature"], payload: r.Header.Get("X-Amz-Content-Sha256")}
	if c.payload == "" && !slices.Contains(strings.Split(fields["SignedHeaders"], ";"), "x-amz-content-sha256") {
		// curl says what it signs of the body only since version 8, and signs that of none without saying so.
		c.payload = hexSHA256(nil)
	}
	if c.payload == "" {
		return nil, fail(NoPayloadHash, "Missing required header for this request: x-amz-content-sha256")
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return nil, fail(Malformed, malformed+"missing "+name+".")
		}
	}
	if !isPayload(c.payload) {
		return nil, fail(BadHeader, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "+
			"STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "+
			"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.")
	}
	if err := c.parseCommon(r, fields["Credential"], fields["SignedHeaders"], Malformed); err != nil {
		return nil, err
	}
	stamp, err := requestTime(r)
	if err != nil {
		return nil, err
	}
	if stamp.Before(now.Add(-MaxSkew)) || stamp.After(now.Add(MaxSkew)) {
		return nil, SkewedError(stamp.Format(timeFormat), now)
	}
	return c, c.setTime(stamp, Malformed)
}

// malformed is what the messages about an Authorization header begin with, badCredential those about the credential in a
// query.
const (
	malformed     = "The authorization header is malformed; "
	badCredential = "Error parsing the X-Amz-Credential parameter; "
)

// isPayload reports whether s says something of a body: the hash of it, or how it is sent.
func isPayload(s string) bool {
	hash, err := hex.DecodeString(s)
	return err == nil && len(hash) == sha256.Size || s == Unsigned || strings.HasPrefix(s, "STREAMING-")
}

// requestTime returns the time in the header x-amz-date or, failing that, in Date.
func requestTime(r *http.Request) (time.Time, error) {
	stamp, err := time.Parse(timeFormat, r.Header.Get("X-Amz-Date"))
	if r.Header.Get("X-Amz-Date") == "" {
		stamp, err = parseDate(r.Header.Get("Date"))
	}
	if err != nil {
		return time.Time{}, fail(Missing, "AWS authentication requires a valid Date or x-amz-date header.")
	}
	return stamp.UTC(), nil
}

// parseDate parses the header Date, which botocore writes as mail does, with -0000 for GMT.
func parseDate(value string) (time.Time, error) {
	if stamp, err := http.ParseTime(value); err == nil {
		return stamp, nil
	}
	return time.Parse(time.RFC1123Z, value)
}

func parsePresigned(r *http.Request, query url.Values, now time.Time) (*claim, error) {
	if r.Header.Get("Authorization") != "" {
		return nil, fail(BadQuery, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the "+
			"Authorization header should be specified")
	}
	if query.Get("X-Amz-Algorithm") != algorithm {
		return nil, fail(BadQuery, `X-Amz-Algorithm only supports "`+algorithm+`"`)
	}
	c := &claim{signature: query.Get("X-Amz-Signature"), presigned: true}
	c.payload = cmp.Or(r.Header.Get("X-Amz-Content-Sha256"), query.Get("X-Amz-Content-Sha256"), Unsigned)
	if err := c.parseCommon(r, query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), BadQuery); err != nil {
		return nil, err
	}
	stamp, err := time.Parse(timeFormat, query.Get("X-Amz-Date"))
	if err != nil {
		return nil, fail(BadQuery, `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	seconds, err := strconv.ParseUint(query.Get("X-Amz-Expires"), 10, 32)
	expiry := time.Duration(seconds) * time.Second
	switch {
	case err != nil:
		return nil, fail(BadQuery, "X-Amz-Expires should be a number")
	case expiry > MaxExpiry:
		return nil, fail(BadQuery, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must "+
			"be less than 604800 seconds")
	case stamp.After(now.Add(MaxSkew)):
		return nil, fail(Expired, "Request is not valid yet")
	case now.After(stamp.Add(expiry)):
		return nil, ExpiredError(stamp.Add(expiry), now)
	}
	return c, c.setTime(stamp, BadQuery)
}

// parseCredential parses the credential, which names the key and what the signature is good for.
func (c *claim) parseCredential(credential string, code Code) error {
	about := badCredential
	if code == Malformed {
		about = malformed
	}
	parts := strings.Split(credential, "/")
	if len(parts) < 5 {
		return fail(code, about+`the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	}
	// An access key may hold slashes; what follows it may not.
	scope := parts[len(parts)-4:]
	c.accessKey = strings.Join(parts[:len(parts)-4], "/")
	c.date, c.region = scope[0], scope[1]
	switch {
	case scope[2] != "s3":
		return fail(code, about+"incorrect service "+strconv.Quote(scope[2])+`. This endpoint belongs to "s3".`)
	case scope[3] != "aws4_request":
		return fail(code, about+"incorrect terminal "+strconv.Quote(scope[3])+`. This endpoint uses "aws4_request".`)
	}
	return nil
}

// parseCommon parses the credential and the list of signed headers.
func (c *claim) parseCommon(r *http.Request, credential, headers string, code Code) error {
	if err := c.parseCredential(credential, code); err != nil {
		return err
	}
	if c.signature == "" || headers == "" {
		return fail(code, "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "+
			"X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	}
	c.headers = strings.Split(headers, ";")
	signed := make(map[string]bool, len(c.headers))
	for _, name := range c.headers {
		if signed[name] {
			// What is signed would be as large as the request's square.
			return fail(code, "The authorization is malformed; a header is named twice among those that are signed.")
		}
		signed[name] = true
	}
	if !signed["host"] {
		return fail(code, "The authorization is malformed; the host header must be signed.")
	}
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && lower != "x-amz-content-sha256" && !signed[lower] {
			return fail(NotSigned, "There were headers present in the request which were not signed", "HeadersNotSigned", lower)
		}
	}
	return nil
}

func (c *claim) setTime(stamp time.Time, code Code) error {
	c.time = stamp.Format(timeFormat)
	if !strings.HasPrefix(c.time, c.date) || len(c.date) != 8 {
		return fail(code, "The credential is malformed; its date is not the same as that of the request.")
	}
	return nil
}
