package control

import (
	"context"
	"iter"
	"strings"

	"pfsd/pfs"
)

// historyStore is what the log needs of the core.
type historyStore interface {
	Log(ctx context.Context, ref pfs.Ref, path string) iter.Seq2[pfs.LogEntry, error]
	cutter
}

var _ historyStore = (*pfs.Store)(nil)

func (h *Handler) log(ctx context.Context, r FileRequest) iter.Seq2[LogLine, error] {
	ref, err := h.ref(ctx, r.Ref)
	if err != nil {
		return failed[LogLine](err)
	}
	if err := cut(ctx, h.history, ref); err != nil {
		return failed[LogLine](err)
	}
	return func(yield func(LogLine, error) bool) {
		n, known := 0, r.Path == ""
		for e, err := range h.history.Log(ctx, ref, r.Path) {
			known = true
			if err == nil && e.Commit.Time.Before(r.Since) {
				return // a commit is never before its parent
			}
			if err == nil && !r.wants(e.Commit) {
				continue
			}
			if !yield(logLine(e, r.Path), h.unfinished(ctx, ref, err)) || err != nil {
				return
			}
			if n++; n == r.Limit {
				return
			}
		}
		if !known {
			failed[LogLine](refuse(pfs.KindFileNotFound, Place{r.Ref, r.Path}, "no commit in this history has it"))(yield)
		}
	}
}

// wants reports whether a log shows a commit.
func (r FileRequest) wants(c pfs.Commit) bool {
	return !c.Time.Before(r.Since) && strings.Contains(strings.ToLower(c.Author), strings.ToLower(r.Author))
}

func logLine(e pfs.LogEntry, path string) LogLine {
	c := e.Commit
	line := LogLine{Commit: commitOf(c)}
	switch {
	case e.Entry != nil:
		entry := entryOf(path, *e.Entry, pfs.CommitID{})
		line.Entry = &entry
	case path != "":
		line.Deleted = true
	}
	return line
}

// commitOf returns c as commands show it.
func commitOf(c pfs.Commit) Commit {
	return Commit{
		ID: c.ID, Parents: append([]pfs.CommitID{}, c.Parents...), Time: c.Time.UTC(),
		Origin: c.Origin.String(), Author: c.Author, Message: c.Message,
		Files: c.Totals.Files, Bytes: c.Totals.Bytes,
	}
}
