package s3

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"pfsd/pfs"
)

// conditions are the headers by which a request says for what state of an object it is meant.
type conditions struct {
	match, noneMatch                string
	modifiedSince, unmodifiedSince  time.Time
	hasModifiedSince, hasUnmodified bool
}

// readConditions takes the conditions from the headers that begin with prefix. A date that cannot be read counts for
// nothing, as RFC 9110 has it.
func readConditions(header http.Header, prefix string) conditions {
	c := conditions{match: header.Get(prefix + "If-Match"), noneMatch: header.Get(prefix + "If-None-Match")}
	c.modifiedSince, c.hasModifiedSince = readDate(header.Get(prefix + "If-Modified-Since"))
	c.unmodifiedSince, c.hasUnmodified = readDate(header.Get(prefix + "If-Unmodified-Since"))
	return c
}

func readDate(value string) (time.Time, bool) {
	if value == "" {
		return time.Time{}, false
	}
	if t, err := http.ParseTime(value); err == nil {
		return t, true
	}
	t, err := time.Parse(time.RFC3339, value)
	return t, err == nil
}

// verdict is what conditions say of an object: codePreconditionFailed when it has changed, codeNotModified when it has not,
// and empty when it is meant. condition is the header that says so.
type verdict struct {
	code      code
	condition string
}

// err is the error of a condition that does not hold, with prefix in front of its name.
func (v verdict) err(prefix string) error {
	return failWith(codePreconditionFailed, "", "Condition", prefix+v.condition)
}

// check decides whether an object with that ETag and time is meant, in the precedence of RFC 9110, section 13.2.2.
func (c conditions) check(etag string, modified time.Time) verdict {
	// Headers have whole seconds.
	modified = modified.Truncate(time.Second)
	switch {
	case c.match != "":
		if !matchesETag(c.match, etag, strong) {
			return verdict{codePreconditionFailed, "If-Match"}
		}
	case c.hasUnmodified && modified.After(c.unmodifiedSince):
		return verdict{codePreconditionFailed, "If-Unmodified-Since"}
	}
	switch {
	case c.noneMatch != "":
		if matchesETag(c.noneMatch, etag, weak) {
			return verdict{codeNotModified, "If-None-Match"}
		}
	case c.hasModifiedSince && !modified.After(c.modifiedSince):
		return verdict{codeNotModified, "If-Modified-Since"}
	}
	return verdict{}
}

// writeConditions are those of a write; they are checked in the transaction that makes it.
type writeConditions struct {
	match, noneMatch string
	// size and modified are further conditions of a delete. The time is that of the object as it is in seen.
	size     *int64
	modified *time.Time
	seen     *pfs.Snapshot
}

func readWriteConditions(header http.Header) writeConditions {
	return writeConditions{match: header.Get("If-Match"), noneMatch: header.Get("If-None-Match")}
}

// readDeleteConditions takes those of DeleteObject, of a branch that was as in seen when the request came.
func readDeleteConditions(header http.Header, seen *pfs.Snapshot) (writeConditions, error) {
	c := writeConditions{seen: seen, match: header.Get("If-Match")}
	if value := header.Get("X-Amz-If-Match-Size"); value != "" {
		size, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return c, failArgument("x-amz-if-match-size", value, "x-amz-if-match-size must be a number of bytes.")
		}
		c.size = &size
	}
	if value := header.Get("X-Amz-If-Match-Last-Modified-Time"); value != "" {
		modified, ok := readDate(value)
		if !ok {
			return c, failArgument("x-amz-if-match-last-modified-time", value, "x-amz-if-match-last-modified-time must be a date.")
		}
		c.modified = &modified
	}
	return c, nil
}

// isZero reports whether there is no condition.
func (c writeConditions) isZero() bool {
	return c.match == "" && c.noneMatch == "" && c.size == nil && c.modified == nil
}

// check returns nil when the object at key is as the conditions want it.
func (h *Handler) check(ctx context.Context, tx *pfs.Tx, key objectKey, c writeConditions) error {
	if c.isZero() {
		return nil
	}
	entry, err := tx.Stat(key.path)
	found := err == nil && key.names(&entry)
	switch {
	case err != nil && !isAbsent(err):
		return err
	case !found && (c.match != "" || c.size != nil || c.modified != nil):
		return fail(codeNoSuchKey)
	case !found:
		return nil
	}
	etag := h.etag(&entry)
	failed := ""
	switch {
	case c.match != "" && !matchesETag(c.match, etag, strong):
		failed = "If-Match"
	case c.noneMatch != "" && matchesETag(c.noneMatch, etag, weak):
		failed = "If-None-Match"
	case c.size != nil && *c.size != entry.Size():
		failed = "x-amz-if-match-size"
	}
	if failed != "" {
		return verdict{condition: failed}.err("")
	}
	return h.checkModified(ctx, &entry, key, c)
}

// checkModified is the part of check that is about the time. A client knows a branch's time as it was before its request; the
// object must be the one that had it: what was written since is not meant.
func (h *Handler) checkModified(ctx context.Context, entry *pfs.Entry, key objectKey, c writeConditions) error {
	if c.modified == nil {
		return nil
	}
	seen, err := c.seen.Stat(ctx, key.path)
	if err != nil && !isAbsent(err) {
		return err
	}
	modified := h.lastModified(entry, c.seen.Version()).Truncate(time.Second)
	if err != nil || seen.Changed != entry.Changed || seen.Ctime != entry.Ctime ||
		!c.modified.Truncate(time.Second).Equal(modified) {
		return verdict{condition: "x-amz-if-match-last-modified-time"}.err("")
	}
	return nil
}
