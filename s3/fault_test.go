package s3

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// failing is a store of which some operations fail.
type failing struct {
	*pfs.Store
	ingest, update, snapshot error
}

func (f *failing) Ingest(ctx context.Context, r io.Reader) (*pfs.Ingested, error) {
	if f.ingest != nil {
		return nil, f.ingest
	}
	return f.Store.Ingest(ctx, r)
}

func (f *failing) Update(ctx context.Context, ref pfs.Ref, by pfs.By, fn func(*pfs.Tx) error) (pfs.Commit, error) {
	if f.update != nil {
		return pfs.Commit{}, f.update
	}
	return f.Store.Update(ctx, ref, by, fn)
}

func (f *failing) Snapshot(ctx context.Context, ref pfs.Ref) (*pfs.Snapshot, error) {
	if f.snapshot != nil {
		return nil, f.snapshot
	}
	return f.Store.Snapshot(ctx, ref)
}

// A failure of the store is answered as what it is, and tells nothing of the inside.
func TestStoreFailures(t *testing.T) {
	inside := &pfs.Error{Op: "x", Kind: pfs.KindInternal, Err: io.ErrClosedPipe}
	for _, tc := range []struct {
		name   string
		store  failing
		status int
		code   string
	}{
		{"full while storing", failing{ingest: &pfs.Error{Kind: pfs.KindNoSpace}}, 507, "InsufficientStorage"},
		{"full while linking", failing{update: &pfs.Error{Kind: pfs.KindNoSpace}}, 507, "InsufficientStorage"},
		{"broken", failing{update: inside}, 500, "InternalError"},
		{"corrupt", failing{snapshot: &pfs.Error{Kind: pfs.KindCorrupt}}, 500, "InternalError"},
		{"conflict", failing{update: &pfs.Error{Kind: pfs.KindConflict}}, 409, "OperationAborted"},
		{"closing", failing{snapshot: &pfs.Error{Kind: pfs.KindClosed}}, 503, "ServiceUnavailable"},
		{"slow", failing{update: &pfs.Error{Kind: pfs.KindTimeout}}, 503, "SlowDown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.store.Store = pfstest.NewStore(t)
			if _, err := tc.store.CreateRepo(context.Background(), "data", pfs.Owner{}, pfs.By{}); err != nil {
				t.Fatal(err)
			}
			h := newHandler(&tc.store, Config{Now: pfstest.NewClock().Now, Rand: rand.Reader})
			r := httptest.NewRequest(http.MethodPut, "http://localhost/data/k", strings.NewReader("x"))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			body := w.Body.String()
			if w.Code != tc.status || !strings.Contains(body, "<Code>"+tc.code+"</Code>") || strings.Contains(body, "pipe") {
				t.Errorf("%d %s", w.Code, body)
			}
		})
	}
}

// cut is a response writer that fails after some bytes, as one to a client that went away does.
type cut struct {
	*httptest.ResponseRecorder
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	if c.left < len(p) {
		return 0, io.ErrClosedPipe
	}
	c.left -= len(p)
	return c.ResponseRecorder.Write(p)
}

// An error behind the header of an answer does not add another answer to it.
func TestFailureInMidAnswer(t *testing.T) {
	store := pfstest.NewStore(t)
	if _, err := store.CreateRepo(context.Background(), "data", pfs.Owner{}, pfs.By{}); err != nil {
		t.Fatal(err)
	}
	h := New(store, Config{Now: pfstest.NewClock().Now, Rand: rand.Reader})
	body := strings.Repeat("x", 3<<20)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPut, "http://localhost/data/k", strings.NewReader(body)))
	w := &cut{httptest.NewRecorder(), 2 << 20}
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/data/k", nil))
	if w.Code != http.StatusOK || strings.Trim(w.Body.String(), "x") != "" || w.Header().Get("Content-Length") != "3145728" {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
}
