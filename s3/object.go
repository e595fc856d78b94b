package s3

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// emptyHash is the BLAKE3-256 of nothing, the ETag of directories.
const emptyHash = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"

// object is an object of a version.
type object struct {
	key     objectKey
	entry   pfs.Entry
	version pfs.Version
}

// object returns the one that bucket and key name in the given version: empty for what the bucket shows, "null" for what it
// shows if that is in no commit yet. The error for an object that was deleted tells of its delete marker.
func (h *Handler) object(ctx context.Context, bucket, name, version string) (*object, error) {
	wanted := version
	if version == nullVersion {
		wanted = ""
	}
	o, err := h.objectIn(ctx, bucket, name, wanted)
	if err != nil {
		return nil, h.deleted(ctx, bucket, name, version, err)
	}
	if version == nullVersion && versionID(&o.entry, o.version) != "" {
		return nil, fail(codeNoSuchVersion)
	}
	return o, nil
}

func (h *Handler) objectIn(ctx context.Context, bucket, name, version string) (*object, error) {
	snapshot, err := h.view(ctx, bucket, version)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(name)
	if err != nil {
		return nil, &apiError{code: codeNoSuchKey, cause: err}
	}
	entry, err := snapshot.Stat(ctx, key.path)
	if err != nil {
		return nil, err
	}
	if !key.names(&entry) {
		return nil, fail(codeNoSuchKey)
	}
	return &object{key: key, entry: entry, version: snapshot.Version()}, nil
}

// version returns the version that the query of q asks for; empty for none.
func (q *request) version() (string, error) {
	version := q.query.Get("versionId")
	if version == "" && q.query.Has("versionId") {
		return "", failArgument("versionId", "", "Version id cannot be the empty string")
	}
	return version, nil
}

// names reports whether e is what k asks for: a file, or a directory when it ends in a slash. Nothing else is an object.
func (k objectKey) names(e *pfs.Entry) bool {
	if k.dir {
		return e.Kind == pfs.EntryDir
	}
	return e.Kind == pfs.EntryFile
}

// isVisible reports whether e can be seen through S3.
func isVisible(e *pfs.Entry) bool { return e.Kind == pfs.EntryFile || e.Kind == pfs.EntryDir }

// lastModified is the LastModified of an entry in a version.
func (h *Handler) lastModified(e *pfs.Entry, v pfs.Version) time.Time {
	if h.cfg.LastModified == LastModifiedObject {
		return h.past(time.Unix(0, e.Ctime).UTC())
	}
	return h.past(v.Time)
}

// past returns t, or now if that is earlier, as RFC 9110, section 8.8.2.1, has it for what was changed while the clock was
// ahead: a client that asks whether that changed since then must not be told that it did not.
func (h *Handler) past(t time.Time) time.Time {
	if now := h.cfg.Now(); t.After(now) {
		return now
	}
	return t
}

// versionID is the commit that last changed e, empty while that is not made yet.
func versionID(e *pfs.Entry, v pfs.Version) string {
	if e.Changed.Commit.IsZero() || e.Changed.Commit == v.Pending {
		return ""
	}
	return e.Changed.Commit.String()
}

// setVersionID adds the version id to the answer, if there is one.
func (w *response) setVersionID(id string) {
	if id != "" {
		w.Header().Set("X-Amz-Version-Id", id)
	}
}

// setCommit adds the version id of what a write made. A write that changed nothing, or is in an open commit, has none.
func (w *response) setCommit(c pfs.Commit) {
	if !c.ID.IsZero() {
		w.setVersionID(c.ID.String())
	}
}

// setObject adds all that the headers say of o to the answer, but its length.
func (h *Handler) setObject(q *request, o *object) {
	header := q.w.Header()
	header.Set("Etag", quote(h.etag(&o.entry)))
	header.Set("Last-Modified", h.lastModified(&o.entry, o.version).UTC().Format(http.TimeFormat))
	header.Set("Accept-Ranges", "bytes")
	header.Set("Content-Type", contentType(&o.entry))
	q.w.setVersionID(versionID(&o.entry, o.version))
	setMetadata(header, &o.entry)
	for _, name := range contentHeaders {
		if value := q.query.Get("response-" + name); value != "" {
			header.Set(name, value)
		}
	}
	h.sandbox(header)
}

// typeOf returns whether a stored checksum is that of the whole, or made of those of parts.
func typeOf(value string) checksum.Type {
	if strings.Contains(value, "-") {
		return checksum.Composite
	}
	return checksum.FullObject
}

// maxShownMetadata is how many bytes of user metadata go out with an object, names and values. A PUT takes less, but mounts take
// more, and clients bound the headers that they take.
const maxShownMetadata = 8 << 10

// setMetadata adds what users attached to e. What cannot go out is counted, as S3 does it. The names of user metadata go out in lower case, as S3 has them: clients show
// them as they come, and so does who looks them up there.
func setMetadata(header http.Header, e *pfs.Entry) {
	if shown, ok := shownMtime(e); ok {
		header[metaPrefix+mtimeName] = []string{shown}
	}
	if e.Meta == nil {
		return
	}
	for _, name := range keptHeaders {
		if value := e.Meta.Headers[name]; value != "" {
			header.Set(name, value)
		}
	}
	missing, size := 0, 0
	for _, name := range slices.Sorted(maps.Keys(e.Meta.User)) {
		value := encodeWords(e.Meta.User[name])
		switch {
		case name == mtimeName:
		case !isToken(name) || size+len(name)+len(value) > maxShownMetadata:
			missing++
		default:
			size += len(name) + len(value)
			header[metaPrefix+name] = []string{value}
		}
	}
	if missing > 0 {
		header.Set("X-Amz-Missing-Meta", strconv.Itoa(missing))
	}
	if n := len(e.Meta.Tags); n > 0 {
		header.Set("X-Amz-Tagging-Count", strconv.Itoa(n))
	}
}
