package s3

import (
	"errors"
	"log/slog"
	"net/http"
	"syscall"
	"time"
)

// statusClientGone is what is logged when the client went away before it was answered.
const statusClientGone = 499

// log writes the one line of a request. err is what its handler returned.
func (h *Handler) log(q *request, err error, took time.Duration) {
	level, status := slog.LevelDebug, q.w.status
	switch {
	case err != nil && (q.Context().Err() != nil || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)):
		status = statusClientGone
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented, err != nil && status < 300:
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("id", q.id), slog.String("method", q.Method), slog.String("operation", q.operation),
		slog.String("bucket", q.bucket), slog.String("key", q.key), slog.Int("status", status),
		slog.Int64("in", q.received), slog.Int64("out", q.w.written), slog.Duration("took", took),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	h.cfg.Log.LogAttrs(q.Context(), level, "s3", attrs...)
}
