package s3

import (
	"mime"
	"strings"
	"unicode/utf8"
)

// Headers are ASCII, user metadata is text. As S3 does, text beyond ASCII goes out as encoded words of RFC 2047, and is taken
// in as such, in plain UTF-8, or in ISO 8859-1, which is what is left when bytes are not UTF-8.

// encodeWords returns s as it goes into a header.
func encodeWords(s string) string {
	if isPrintable(s) {
		return s
	}
	return mime.BEncoding.Encode("UTF-8", s)
}

// decodeWords returns the text that came in a header. Words that encode nothing but ASCII are taken for what they are.
func decodeWords(s string) string {
	if !utf8.ValidString(s) {
		runes := make([]rune, len(s))
		for i := range len(s) {
			runes[i] = rune(s[i])
		}
		return string(runes)
	}
	if !strings.Contains(s, "=?") {
		return s
	}
	plain, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil || isPrintable(plain) || !utf8.ValidString(plain) {
		return s
	}
	return plain
}

// isPrintable reports whether s is of printable ASCII.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isToken reports whether s can be part of a header's name. A mount can set names that cannot.
func isToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || strings.IndexByte(`"(),/:;<=>?@[\]{}`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}
