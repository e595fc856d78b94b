package fsys

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// What object stores keep with a file is shown as extended attributes, and is changed through them:
//
//	user.s3.content-type        the media type
//	user.s3.cache-control ...   the other content headers
//	user.s3.meta.NAME           metadata of the user's own
//	user.s3.tag.NAME            labels
const (
	xattrObject = "user.s3."
	xattrType   = xattrObject + "content-type"
	xattrUser   = xattrObject + "meta."
	xattrTag    = xattrObject + "tag."
	// xattrMtime is the file's modification time, which stat(2) shows and utimensat(2) sets.
	xattrMtime = xattrUser + mtimeName
	mtimeName  = "mtime"
)

// xattrHeaders are the content headers that an object store keeps, beside the type.
var xattrHeaders = []string{"cache-control", "content-disposition", "content-encoding", "content-language", "expires"}

// Limits of what can be set, as object stores have them.
const (
	maxUserMeta  = 2 << 10
	maxHeader    = 2 << 10
	maxTags      = 10
	maxTagName   = 128
	maxTagValue  = 256
	metaNameChar = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"
)

// joinXattrs returns the extended attributes that meta, which may be nil, stands for, those of the object store among them.
// The map is the caller's.
func joinXattrs(meta *pfs.Meta) map[string][]byte {
	all := make(map[string][]byte)
	if meta == nil {
		return all
	}
	maps.Copy(all, meta.Xattrs)
	if meta.ContentType != "" {
		all[xattrType] = []byte(meta.ContentType)
	}
	for name, value := range meta.Headers {
		all[xattrObject+name] = []byte(value)
	}
	for name, value := range meta.User {
		if name != mtimeName {
			all[xattrUser+name] = []byte(value)
		}
	}
	for name, value := range meta.Tags {
		all[xattrTag+name] = []byte(value)
	}
	return all
}

// splitXattrs is the inverse of joinXattrs; what is no extended attribute it takes from old, which may be nil. It returns
// nil when there is nothing to be kept.
func splitXattrs(all map[string][]byte, old *pfs.Meta) *pfs.Meta {
	meta := pfs.Meta{}
	if old != nil {
		meta.Checksums = old.Checksums
		if sent, ok := old.User[mtimeName]; ok {
			meta.User = map[string]string{mtimeName: sent}
		}
	}
	for name, value := range all {
		rest, isObject := strings.CutPrefix(name, xattrObject)
		user, isUser := strings.CutPrefix(name, xattrUser)
		tag, isTag := strings.CutPrefix(name, xattrTag)
		switch {
		case name == xattrType:
			meta.ContentType = string(value)
		case isUser:
			meta.User = with(meta.User, user, string(value))
		case isTag:
			meta.Tags = with(meta.Tags, tag, string(value))
		case isObject:
			meta.Headers = with(meta.Headers, rest, string(value))
		default:
			meta.Xattrs = with(meta.Xattrs, name, value)
		}
	}
	kept := len(meta.Xattrs) + len(meta.Headers) + len(meta.User) + len(meta.Tags) + len(meta.Checksums)
	if kept == 0 && meta.ContentType == "" {
		return nil
	}
	return &meta
}

// with returns m with a value added; m may be nil.
func with[V any](m map[string]V, name string, value V) map[string]V {
	if m == nil {
		m = make(map[string]V)
	}
	m[name] = value
	return m
}

// checkObjectXattr returns what keeps an attribute of the object store from getting a value: each is sent as a header.
func checkObjectXattr(name string, value []byte) fuse.Status {
	if !isHeaderText(value) {
		return fuse.EINVAL
	}
	user, isUser := strings.CutPrefix(name, xattrUser)
	tag, isTag := strings.CutPrefix(name, xattrTag)
	switch {
	case name == xattrMtime:
		return fuse.EPERM
	case isUser:
		if user == "" || strings.Trim(user, metaNameChar) != "" {
			return fuse.EINVAL
		}
	case isTag:
		if tag == "" || utf8.RuneCountInString(tag) > maxTagName || utf8.RuneCount(value) > maxTagValue {
			return fuse.EINVAL
		}
	case name != xattrType && !slices.Contains(xattrHeaders, strings.TrimPrefix(name, xattrObject)):
		return fuse.Status(syscall.EOPNOTSUPP)
	case len(value) == 0 || len(value) > maxHeader:
		return fuse.EINVAL
	}
	return fuse.OK
}

// isHeaderText reports whether value can be that of a header.
func isHeaderText(value []byte) bool {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return utf8.Valid(value) && !strings.ContainsFunc(string(value), control)
}

// checkXattrSizes returns what is wrong with all attributes together. The object store's count by its own rules.
func checkXattrSizes(all map[string][]byte) fuse.Status {
	own, user, tags := 0, 0, 0
	for name, value := range all {
		switch {
		case strings.HasPrefix(name, xattrUser):
			user += len(name) - len(xattrUser) + len(value)
		case strings.HasPrefix(name, xattrTag):
			tags++
		default:
			own += len(name) + len(value)
		}
	}
	if own > maxXattrs || user > maxUserMeta || tags > maxTags {
		return fuse.Status(syscall.ENOSPC)
	}
	return fuse.OK
}

// formatMtime returns a time in nanoseconds since 1970 as clients of object stores keep it: seconds, with a fraction.
func formatMtime(nanos int64) string {
	sign := ""
	if nanos < 0 {
		sign, nanos = "-", -nanos
	}
	text := sign + strconv.FormatInt(nanos/int64(time.Second), 10)
	if rest := nanos % int64(time.Second); rest != 0 {
		digits := strconv.FormatInt(rest+int64(time.Second), 10)[1:]
		text += "." + strings.TrimRight(digits, "0")
	}
	return text
}
