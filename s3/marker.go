package s3

import (
	"context"
	"net/http"
	"time"

	"pfsd/pfs"
)

// marker is a delete marker: the version that the removal of an object is.
type marker struct {
	// id is its version id: that of the commit that removed the object, or "null" while there is none.
	id   string
	made time.Time
}

// deleted returns the error of an object that is not there in a version, which tells of the delete marker when there is one.
// As S3's "Working with delete markers" has it, who asks for the object finds nothing, and who asks for the marker by its
// version id may not read it.
func (h *Handler) deleted(ctx context.Context, bucket, name, version string, notFound error) error {
	if apiErrorOf(notFound).code != codeNoSuchKey {
		return notFound
	}
	m, ok := h.markerOf(ctx, bucket, name, version)
	if !ok {
		return notFound
	}
	header := http.Header{"X-Amz-Delete-Marker": {"true"}, "X-Amz-Version-Id": {m.id}}
	if version != m.id {
		return &apiError{code: codeNoSuchKey, cause: notFound, header: header}
	}
	header.Set("Last-Modified", h.past(m.made).UTC().Format(http.TimeFormat))
	return &apiError{code: codeMethodNotAllowed, cause: notFound, header: header,
		details: details("ResourceType", "DeleteMarker")}
}

// markerOf returns the delete marker that is the last version of a key, which is not there, up to the given version.
func (h *Handler) markerOf(ctx context.Context, bucket, name, version string) (marker, bool) {
	key, err := parseKey(name)
	if err != nil || key.dir {
		return marker{}, false
	}
	present := version == "" || version == nullVersion
	ref, err := parseBucket(bucket)
	if err == nil && !present {
		ref, err = ref.At(version)
	}
	if err != nil {
		return marker{}, false
	}
	var last []pfs.LogEntry
	for entry, err := range h.store.Log(ctx, ref, key.path) {
		if err != nil {
			return marker{}, false
		}
		if last = append(last, entry); len(last) == 2 {
			break
		}
	}
	wasFile := func(i int) bool {
		return i < len(last) && last[i].Entry != nil && last[i].Entry.Kind == pfs.EntryFile
	}
	if present && wasFile(0) {
		// The last commit has the object: the removal is in none yet.
		snapshot, err := h.view(ctx, bucket, "")
		return marker{id: nullVersion, made: snapshot.Version().Time}, err == nil
	}
	if wasFile(1) && last[0].Entry == nil {
		return marker{id: last[0].Commit.ID.String(), made: last[0].Commit.Time}, true
	}
	return marker{}, false
}
