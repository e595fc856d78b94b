package sigv4

import (
	"net/url"
	"strings"
)

// ParseQuery parses a query as S3 does: "&" alone separates, and what is not well escaped stays as it is. Whoever looks at a
// signed request must see what was signed, so net/url's own way, which drops what it does not like, is not for these.
func ParseQuery(raw string) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if pair != "" {
			values.Add(Unescape(key), Unescape(value))
		}
	}
	return values
}

// Unescape decodes a component of a query; what is not well escaped stays as it is.
func Unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
