package s3

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"pfsd/pfs"
)

// Limits of tags; lengths are in characters.
const (
	maxTags     = 10
	maxTagKey   = 128
	maxTagValue = 256
)

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// tagging is the body of the tagging operations.
type tagging struct {
	XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	TagSet  struct{ Tag []tag }
}

// parseTagging parses tags as the header x-amz-tagging has them, like a query.
func parseTagging(header string) (map[string]string, error) {
	var tags []tag
	for pair := range strings.SplitSeq(header, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		value, err2 := url.QueryUnescape(value)
		twice := slices.ContainsFunc(tags, func(t tag) bool { return t.Key == key })
		if err != nil || err2 != nil || key == "" || twice {
			return nil, failArgument("x-amz-tagging", header,
				"The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "+
					"without tag name duplicates.")
		}
		tags = append(tags, tag{key, value})
	}
	return checkTags(tags)
}

// checkTags returns tags as they are stored, when they are within the limits.
func checkTags(tags []tag) (map[string]string, error) {
	if len(tags) > maxTags {
		return nil, failf(codeBadRequest, "Object tags cannot be greater than 10")
	}
	return checkEachTag(tags)
}

// checkEachTag returns tags as an object has them, when each is within the limits.
func checkEachTag(tags []tag) (map[string]string, error) {
	var out map[string]string
	for _, t := range tags {
		switch _, twice := out[t.Key]; {
		case twice:
			return nil, failWith(codeInvalidTag, "Cannot provide multiple Tags with the same key", "TagKey", t.Key)
		case strings.HasPrefix(t.Key, "aws:"):
			return nil, failWith(codeInvalidTag, "System tags cannot be added/updated by requester", "TagKey", t.Key)
		case t.Key == "" || utf8.RuneCountInString(t.Key) > maxTagKey || !isTagText(t.Key):
			return nil, failWith(codeInvalidTag, "The TagKey you have provided is invalid", "TagKey", t.Key)
		case utf8.RuneCountInString(t.Value) > maxTagValue || !isTagText(t.Value):
			return nil, failWith(codeInvalidTag, "The TagValue you have provided is invalid", "TagKey", t.Key, "TagValue", t.Value)
		}
		out = with(out, t.Key, t.Value)
	}
	return out, nil
}

// isTagText reports whether s is of the characters that S3 lets tags have: letters, digits and spaces of all scripts, and
// some signs. See "Categorizing your objects using tags".
func isTagText(s string) bool {
	for _, c := range s {
		if !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.Is(unicode.Z, c) && !strings.ContainsRune("_.:/=+-@", c) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// getObjectTagging answers the tags of an object, of any version.
func (h *Handler) getObjectTagging(q *request) error {
	version, err := q.version()
	if err != nil {
		return err
	}
	o, err := h.object(q.Context(), q.bucket, q.key, version)
	if err != nil {
		return err
	}
	var answer tagging
	if o.entry.Meta != nil {
		for key, value := range o.entry.Meta.Tags {
			answer.TagSet.Tag = append(answer.TagSet.Tag, tag{key, value})
		}
	}
	slices.SortFunc(answer.TagSet.Tag, func(a, b tag) int { return strings.Compare(a.Key, b.Key) })
	q.w.setVersionID(versionID(&o.entry, o.version))
	return q.w.xml(http.StatusOK, answer)
}

// putObjectTagging replaces the tags of an object.
func (h *Handler) putObjectTagging(q *request) error {
	body, err := openPayload(q)
	if err != nil {
		return err
	}
	if err := h.admitXML(q, body.size); err != nil {
		return err
	}
	tags, err := decodeTagging(body)
	if err != nil {
		return err
	}
	return h.setTags(q, tags, http.StatusOK)
}

// decodeTagging reads tags from the XML that sets them.
func decodeTagging(body io.Reader) (map[string]string, error) {
	var asked struct {
		XMLName struct{} `xml:"Tagging"`
		TagSet  struct{ Tag []tag }
	}
	empty, err := decodeXML(body, &asked)
	if err != nil {
		return nil, err
	}
	if empty {
		return nil, fail(codeMalformedXML)
	}
	return checkTags(asked.TagSet.Tag)
}

// deleteObjectTagging removes the tags of an object.
func (h *Handler) deleteObjectTagging(q *request) error {
	return h.setTags(q, nil, http.StatusNoContent)
}

// setTags gives the object of q these tags, in a commit of its own.
func (h *Handler) setTags(q *request, tags map[string]string, status int) error {
	ref, _, err := h.writable(q)
	if err != nil {
		return err
	}
	present, err := h.presentVersion(q)
	if err != nil {
		return err
	}
	key, err := parseKey(q.key)
	if err != nil {
		return &apiError{code: codeNoSuchKey, cause: err}
	}
	commit, err := h.store.Update(q.Context(), ref, q.by(), func(tx *pfs.Tx) error {
		return tx.Edit(key.path, func(e *pfs.Entry) error {
			if !key.names(e) {
				return fail(codeNoSuchKey)
			}
			if present != nil && !sameVersion(e, present) {
				return oldTags()
			}
			var meta pfs.Meta
			if e.Meta != nil {
				meta = *e.Meta
			}
			meta.Tags = tags
			e.Meta = &meta
			return nil
		})
	})
	if err != nil {
		return err
	}
	q.w.setCommit(commit)
	return q.w.empty(status)
}

// presentVersion returns the object of the version that q names, which must be the one that the branch shows; nil when q
// names none.
func (h *Handler) presentVersion(q *request) (*pfs.Entry, error) {
	version, err := q.version()
	if err != nil || version == "" {
		return nil, err
	}
	named, err := h.object(q.Context(), q.bucket, q.key, version)
	if err != nil {
		return nil, err
	}
	present, err := h.object(q.Context(), q.bucket, q.key, "")
	if err != nil || !sameVersion(&present.entry, &named.entry) {
		return nil, oldTags()
	}
	return &present.entry, nil
}

// sameVersion reports whether one change left both entries of a path.
func sameVersion(a, b *pfs.Entry) bool { return a.Changed == b.Changed && a.Ctime == b.Ctime }

// oldTags is the error of a change to the tags of a version that is not the present one.
func oldTags() error {
	return failf(codeNotImplemented, "History is immutable: only the tags of the present version can be changed, which makes "+
		"another version.")
}
