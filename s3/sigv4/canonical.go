package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// canonical returns the canonical form of r, whose hash is signed.
func (c *claim) canonical(r *http.Request) string {
	var headers strings.Builder
	for _, name := range c.headers {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	path := r.URL.Path
	if path == "" {
		path = "/"
	}
	return strings.Join([]string{
		r.Method, Escape(path, true), canonicalQuery(r.URL.RawQuery), headers.String(),
		strings.Join(c.headers, ";"), c.payload,
	}, "\n")
}

// headerValue returns the values of a header as they are signed: each trimmed, runs of spaces made one, joined by commas.
// What net/http moves out of the headers is taken from where it is.
func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(max(r.ContentLength, 0), 10)
	case "transfer-encoding":
		return strings.Join(r.TransferEncoding, ",")
	}
	values := slices.Clone(r.Header.Values(name))
	for i, value := range values {
		values[i] = strings.Join(strings.FieldsFunc(value, func(c rune) bool { return c == ' ' }), " ")
	}
	return strings.Join(values, ",")
}

// canonicalQuery returns the query's parameters, escaped anew and sorted, without the signature itself. They are sorted by
// name and then by value: the equals sign has no part in that, so that "select" is before "select-type".
func canonicalQuery(raw string) string {
	var pairs [][2]string
	for pair := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(pair, "=")
		key = Unescape(key)
		if pair != "" && key != "X-Amz-Signature" {
			pairs = append(pairs, [2]string{Escape(key, false), Escape(Unescape(value), false)})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var query strings.Builder
	for i, pair := range pairs {
		if i > 0 {
			query.WriteByte('&')
		}
		query.WriteString(pair[0] + "=" + pair[1])
	}
	return query.String()
}

// Escape percent-encodes all bytes of s but the unreserved ones of RFC 3986 and, when slashes is set, '/'.
func Escape(s string, slashes bool) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.~", c) >= 0,
			c == '/' && slashes:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
