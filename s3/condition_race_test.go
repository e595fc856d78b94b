package s3

import (
	"context"
	"crypto/rand"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// raced is a store in which, once, something happens before an Update.
type raced struct {
	*pfs.Store
	before func()
}

func (r *raced) Update(ctx context.Context, ref pfs.Ref, by pfs.By, fn func(*pfs.Tx) error) (pfs.Commit, error) {
	if before := r.before; before != nil {
		r.before = nil
		before()
	}
	return r.Store.Update(ctx, ref, by, fn)
}

// A delete on the condition of a time does not delete what was written since the time was looked at.
func TestDeleteOfWhatWasJustWritten(t *testing.T) {
	store := &raced{Store: pfstest.NewStore(t)}
	if _, err := store.CreateRepo(t.Context(), "data", pfs.Owner{}, pfs.By{}); err != nil {
		t.Fatal(err)
	}
	h := newHandler(store, Config{Now: pfstest.NewClock().Now, Rand: rand.Reader})
	do := func(method, target, body string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost"+target, strings.NewReader(body))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	do("PUT", "/data/k", "old")
	for _, body := range []string{"new", "newer"} {
		modified := do("HEAD", "/data/k", "").Header().Get("Last-Modified")
		store.before = func() { do("PUT", "/data/k", body) }
		var w *httptest.ResponseRecorder
		if body == "new" {
			w = do("DELETE", "/data/k", "", "X-Amz-If-Match-Last-Modified-Time", modified)
		} else {
			w = do("POST", "/data?delete", "<Delete><Object><Key>k</Key><LastModifiedTime>"+modified+
				"</LastModifiedTime></Object></Delete>")
		}
		answer, err := io.ReadAll(w.Body)
		if err != nil || !strings.Contains(string(answer), "<Code>PreconditionFailed</Code>") {
			t.Errorf("answered %d %s, %v", w.Code, answer, err)
		}
		if got := do("GET", "/data/k", "").Body.String(); got != body {
			t.Errorf("what was written is %q", got)
		}
	}
	modified := do("HEAD", "/data/k", "").Header().Get("Last-Modified")
	if w := do("DELETE", "/data/k", "", "X-Amz-If-Match-Last-Modified-Time", modified); w.Code != 204 {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}
