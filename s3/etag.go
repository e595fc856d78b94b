package s3

import (
	"encoding/hex"
	"hash/crc32"
	"strings"

	"pfsd/pfs"
)

// dash is what ETags end in for clients that take any other for an MD5.
const dash = "-1"

// s3cmdAttributes is the user metadata by which s3cmd tells its own objects; it insists on MD5.
const s3cmdAttributes = "s3cmd-attrs"

// etag returns the ETag of e, without quotes.
func (h *Handler) etag(e *pfs.Entry) string {
	if e.Kind == pfs.EntryDir {
		return h.styled(emptyHash, e.Meta)
	}
	return h.styled(e.Content.ETag(), e.Meta)
}

// styled returns an ETag as it is shown for an object, or part, with that metadata.
func (h *Handler) styled(etag string, meta *pfs.Meta) string {
	wanted := h.cfg.ETag == ETagDash
	if meta != nil && meta.User[s3cmdAttributes] != "" {
		wanted = true
	}
	if !wanted || strings.Contains(etag, "-") {
		return etag
	}
	return etag + dash
}

func quote(etag string) string { return `"` + etag + `"` }

// bareETag returns an ETag as a client writes it, quoted or not, weak or not, without the sign that it is no MD5.
func bareETag(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "W/")
	s = strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	return strings.TrimSuffix(strings.ToLower(s), dash)
}

// isOwnETag reports whether a bare ETag has the form of ours: a hash of 256 bits in hex, perhaps with a dash and more.
func isOwnETag(etag string) bool {
	hash, _, _ := strings.Cut(etag, "-")
	b, err := hex.DecodeString(hash)
	return err == nil && len(b) == len(pfs.Hash{})
}

// isHash reports whether a bare ETag may be a hash by any algorithm: at least 32 bits in hex, perhaps with a dash and a number.
func isHash(etag string) bool {
	hash, count, _ := strings.Cut(etag, "-")
	b, err := hex.DecodeString(hash)
	return err == nil && len(b) >= crc32.Size && isDigits(count)
}

// comparison is one of the two of RFC 9110, section 8.8.3.2.
type comparison uint8

const (
	// strong is for who changes an object, or goes on reading it: an ETag that says it is weak matches nothing.
	strong comparison = iota
	// weak is for who has a copy of an object already.
	weak
)

// matchesETag reports whether one of the ETags in list, separated by commas, is etag. "*" matches any.
func matchesETag(list, etag string, by comparison) bool {
	etag = bareETag(etag)
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if by == strong && strings.HasPrefix(item, "W/") {
			continue
		}
		if item == "*" || bareETag(item) == etag {
			return true
		}
	}
	return false
}
