package s3

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// TestEverySubresource asks for each sub-resource of S3 by each method: one that is in the table of operations is never
// answered with NotImplemented for want of it, and any other always is, and changes nothing.
func TestEverySubresource(t *testing.T) {
	store := pfstest.NewStore(t)
	if _, err := store.CreateRepo(t.Context(), "data", pfs.Owner{}, pfs.By{}); err != nil {
		t.Fatal(err)
	}
	h := New(store, Config{Now: pfstest.NewClock().Now, Rand: rand.Reader})
	answer := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body)))
		return w
	}
	answer("PUT", "/data/k", "x")
	master := pfs.BranchRef("data", "master")
	before, err := store.Commit(t.Context(), master)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, o := range operations() {
		for _, name := range append(slices.Clone(o.query), o.also...) {
			known[o.method+" "+name+" "+string('0'+rune(o.scope))] = true
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(subresources)), "frobnicate") {
		for scope, path := range map[scope]string{bucketScope: "/data", objectScope: "/data/k"} {
			for _, method := range []string{"GET", "HEAD", "PUT", "POST", "DELETE"} {
				if known[method+" "+name+" "+string('0'+rune(scope))] {
					continue
				}
				w := answer(method, path+"?"+name, "y")
				if w.Code != http.StatusNotImplemented || method != "HEAD" && !strings.Contains(w.Body.String(),
					"<Code>NotImplemented</Code>") {
					t.Errorf("%s %s?%s: %d %s", method, path, name, w.Code, w.Body)
				}
			}
		}
	}
	if after, err := store.Commit(t.Context(), master); err != nil || after.ID != before.ID {
		t.Errorf("something was changed: %+v, %v", after, err)
	}
}

// TestFixedAnswers checks what clients are told that ask before they work.
func TestFixedAnswers(t *testing.T) {
	store := pfstest.NewStore(t)
	if _, err := store.CreateRepo(t.Context(), "data", pfs.Owner{}, pfs.By{}); err != nil {
		t.Fatal(err)
	}
	h := New(store, Config{Now: pfstest.NewClock().Now, Rand: rand.Reader})
	answer := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body)))
		return w
	}
	answer("PUT", "/data/k", "x")
	for _, tc := range []struct {
		query, object string
		status        int
		want          string
	}{
		{"acl", "", 200, "<Permission>FULL_CONTROL</Permission>"},
		{"acl", "/k", 200, "<Permission>FULL_CONTROL</Permission>"},
		{"policyStatus", "", 200, "<IsPublic>FALSE</IsPublic>"},
		{"requestPayment", "", 200, "<Payer>BucketOwner</Payer>"},
		{"accelerate", "", 200, "AccelerateConfiguration"},
		{"notification", "", 200, "NotificationConfiguration"},
		{"logging", "", 200, "BucketLoggingStatus"},
		{"location", "", 200, "LocationConstraint"},
		{"versioning", "", 200, "<Status>Enabled</Status>"},
		{"policy", "", 404, "NoSuchBucketPolicy"},
		{"cors", "", 404, "NoSuchCORSConfiguration"},
		{"lifecycle", "", 404, "NoSuchLifecycleConfiguration"},
		{"encryption", "", 404, "ServerSideEncryptionConfigurationNotFoundError"},
		{"object-lock", "", 404, "ObjectLockConfigurationNotFoundError"},
		{"ownershipControls", "", 404, "OwnershipControlsNotFoundError"},
		{"publicAccessBlock", "", 404, "NoSuchPublicAccessBlockConfiguration"},
		{"replication", "", 404, "ReplicationConfigurationNotFoundError"},
		{"tagging", "", 404, "NoSuchTagSet"},
		{"website", "", 404, "NoSuchWebsiteConfiguration"},
		{"retention", "/k", 404, "NoSuchObjectLockConfiguration"},
		{"legal-hold", "/k", 404, "NoSuchObjectLockConfiguration"},
	} {
		if w := answer("GET", "/data"+tc.object+"?"+tc.query, ""); w.Code != tc.status || !strings.Contains(w.Body.String(), tc.want) {
			t.Errorf("%s of data%s: %d %s", tc.query, tc.object, w.Code, w.Body)
		}
		missing := "/missing" + tc.object + "?" + tc.query
		if w := answer("GET", missing, ""); w.Code != 404 || !strings.Contains(w.Body.String(), "NoSuchBucket") {
			t.Errorf("%s: %d %s", missing, w.Code, w.Body)
		}
		if tc.object != "" {
			if w := answer("GET", "/data/missing?"+tc.query, ""); !strings.Contains(w.Body.String(), "NoSuchKey") {
				t.Errorf("%s of a missing key: %d %s", tc.query, w.Code, w.Body)
			}
		}
	}
}
