package s3

import (
	"log/slog"
	"net/http"
	"time"
)

// statusClientGone is what is logged when the client went away before it was answered.
const statusClientGone = 499

// log writes the one line of a request. err is what its handler returned.
func (h *Handler) log(q *request, err error, took time.Duration) {
	level := slog.LevelDebug
	if q.w.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("id", q.id), slog.String("method", q.Method), slog.String("operation", q.operation),
		slog.String("bucket", q.bucket), slog.String("key", q.key), slog.Int("status", q.w.status),
		slog.Int64("in", q.received), slog.Int64("out", q.w.written), slog.Duration("took", took),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	h.cfg.Log.LogAttrs(q.Context(), level, "s3", attrs...)
}
