package s3_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/s3"
)

const corsExample = `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<CORSRule><ID>app</ID><AllowedOrigin>https://*.example.org</AllowedOrigin><AllowedOrigin>http://app.test</AllowedOrigin>
<AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader>
<AllowedHeader>Content-Type</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule>
<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>`

func TestCORSConfiguration(t *testing.T) {
	s := newServer(t)
	s.want(404, "NoSuchCORSConfiguration", "GET", "/data?cors", "")
	s.want(404, "NoSuchBucket", "GET", "/nothing?cors", "")
	s.want(404, "NoSuchBucket", "PUT", "/nothing?cors", corsExample)
	s.want(200, "", "PUT", "/data?cors", corsExample)
	type rule struct {
		ID            string
		AllowedOrigin []string
		AllowedHeader []string
		MaxAgeSeconds *int
	}
	got := decode[struct{ CORSRule []rule }](t, s.want(200, "", "GET", "/master.data?cors", ""))
	if len(got.CORSRule) != 2 || got.CORSRule[0].ID != "app" || *got.CORSRule[0].MaxAgeSeconds != 3000 ||
		strings.Join(got.CORSRule[0].AllowedOrigin, " ") != "https://*.example.org http://app.test" ||
		got.CORSRule[1].MaxAgeSeconds != nil {
		t.Errorf("got %+v", got)
	}
	version := s.put("/data/k", "x")
	s.want(200, "", "GET", "/"+version+".master.data?cors", "")
	s.want(405, "MethodNotAllowed", "PUT", "/"+version+".master.data?cors", corsExample)
	s.want(204, "", "DELETE", "/data?cors", "")
	s.want(204, "", "DELETE", "/data?cors", "")
	s.want(404, "NoSuchCORSConfiguration", "GET", "/data?cors", "")
	open, err := s.store.StartCommit(t.Context(), pfs.BranchRef("data", "master"), pfs.By{})
	if err != nil {
		t.Fatal(err)
	}
	s.want(405, "MethodNotAllowed", "PUT", "/"+open.ID.String()+".master.data?cors", corsExample)
}

func TestCORSConfigurationIsChecked(t *testing.T) {
	s := newServer(t)
	rule := func(inner string) string {
		return "<CORSConfiguration><CORSRule>" + inner + "</CORSRule></CORSConfiguration>"
	}
	origin, method := "<AllowedOrigin>*</AllowedOrigin>", "<AllowedMethod>GET</AllowedMethod>"
	for _, tc := range []struct{ name, body, code string }{
		{"nothing", "", "MalformedXML"},
		{"no rule", "<CORSConfiguration/>", "MalformedXML"},
		{"no method", rule(origin), "MalformedXML"},
		{"no origin", rule(method), "MalformedXML"},
		{"another document", "<Tagging/>", "MalformedXML"},
		{"long id", rule(origin + method + "<ID>" + strings.Repeat("x", 256) + "</ID>"), "MalformedXML"},
		{"age below zero", rule(origin + method + "<MaxAgeSeconds>-1</MaxAgeSeconds>"), "MalformedXML"},
		{"too many", "<CORSConfiguration>" + strings.Repeat("<CORSRule>"+origin+method+"</CORSRule>", 101) +
			"</CORSConfiguration>", "MalformedXML"},
		{"method", rule(origin + "<AllowedMethod>PATCH</AllowedMethod>"), "InvalidRequest"},
		{"two wildcards", rule("<AllowedOrigin>*x*</AllowedOrigin>" + method), "InvalidRequest"},
		{"two wildcards in a header", rule(origin + method + "<AllowedHeader>*x*</AllowedHeader>"), "InvalidRequest"},
		{"wildcard exposed", rule(origin + method + "<ExposeHeader>x-*</ExposeHeader>"), "InvalidRequest"},
		{"large", rule(origin + method + strings.Repeat("<AllowedHeader>"+strings.Repeat("x", 1000)+"</AllowedHeader>", 70)),
			"InvalidRequest"},
	} {
		t.Run(tc.name, func(t *testing.T) { s.want(400, tc.code, "PUT", "/data?cors", tc.body) })
	}
	s.want(400, "BadDigest", "PUT", "/data?cors", corsExample, "Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")
	s.want(404, "NoSuchCORSConfiguration", "GET", "/data?cors", "")
}

func TestPreflight(t *testing.T) {
	s := newSignedServer(t)
	ask := func(path string, headers ...string) answer { return s.do("OPTIONS", path, "", headers...) }
	origin, method, wanted := "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"
	if a := ask("/data/k", origin, "http://app.test", method, "GET"); a.StatusCode != 403 || a.code() != "AccessForbidden" {
		t.Errorf("without rules: %s %s", a.Status, a.body)
	}
	s.setCORS(corsExample)
	for _, tc := range []struct {
		name    string
		headers []string
		status  int
		origin  string
	}{
		{"a page", []string{origin, "http://app.test", method, "PUT"}, 200, "http://app.test"},
		{"by a pattern", []string{origin, "https://a.b.example.org", method, "GET"}, 200, "https://a.b.example.org"},
		{"any page", []string{origin, "http://else.test", method, "HEAD"}, 200, "*"},
		{"with headers", []string{origin, "http://app.test", method, "PUT", wanted, "Content-Type, X-Amz-Meta-A"}, 200,
			"http://app.test"},
		{"with another header", []string{origin, "http://app.test", method, "PUT", wanted, "x-other"}, 403, ""},
		{"another method", []string{origin, "http://app.test", method, "DELETE"}, 403, ""},
		{"another page", []string{origin, "http://app.test.evil", method, "GET"}, 403, ""},
		{"another scheme", []string{origin, "http://a.example.org", method, "GET"}, 403, ""},
		{"no origin", []string{method, "GET"}, 400, ""},
		{"no method", []string{origin, "http://app.test"}, 400, ""},
		{"a method that there is not", []string{origin, "http://app.test", method, "PATCH"}, 400, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := ask("/data/dir/k?uploads", tc.headers...)
			if a.StatusCode != tc.status || a.Header.Get("Access-Control-Allow-Origin") != tc.origin {
				t.Errorf("%s %v", a.Status, a.Header)
			}
		})
	}
	a := ask("/data/k", origin, "http://app.test", method, "PUT", wanted, "X-Amz-Date", "Access-Control-Request-Private-Network",
		"true")
	for name, want := range map[string]string{
		"Access-Control-Allow-Methods": "GET, PUT", "Access-Control-Allow-Headers": "x-amz-date", "Access-Control-Max-Age": "3000",
		"Access-Control-Expose-Headers": "ETag", "Access-Control-Allow-Credentials": "true", "Content-Length": "0",
		"Access-Control-Allow-Private-Network": "true",
		"Vary":                                 "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// setCORS gives the bucket "data" rules, past the door.
func (s *server) setCORS(config string) {
	s.t.Helper()
	unsigned := s3.New(s.store, s3.Config{Now: time.Now, Rand: strings.NewReader(strings.Repeat("x", 64))})
	w := s.record(unsigned, "PUT", "/data?cors", config)
	if w.Code != http.StatusOK {
		s.t.Fatal(w.Body.String())
	}
}

// Answers tell a browser which page they are for, errors too; where requests are signed others are answered without that.
func TestAnswersAcrossOrigins(t *testing.T) {
	s := newSignedServer(t)
	s.setCORS(corsExample)
	for _, tc := range []struct{ method, origin, want string }{
		{"GET", "http://app.test", "http://app.test"}, {"HEAD", "http://x.test", "*"}, {"GET", "http://x.test", ""}, {"GET", "", ""},
	} {
		var headers []string
		if tc.origin != "" {
			headers = []string{"Origin", tc.origin}
		}
		a := s.want(403, "AccessDenied", tc.method, "/data/k", "", headers...)
		if got := a.Header.Get("Access-Control-Allow-Origin"); got != tc.want {
			t.Errorf("%s from %q: %q", tc.method, tc.origin, got)
		}
	}
}

// Without keys only pages that a rule allows are answered; whatever they ask, it does not happen.
func TestPagesWithoutKeys(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x")
	for _, target := range []string{"/", "/data", "/data/k", "/nothing/k", "/.../k"} {
		s.want(403, "AccessDenied", "GET", target, "", "Origin", "http://app.test")
	}
	s.setCORS(corsExample)
	a := s.want(200, "", "GET", "/data/k", "", "Origin", "http://app.test")
	if a.body != "x" || a.Header.Get("Access-Control-Expose-Headers") != "ETag" {
		t.Errorf("%q %v", a.body, a.Header)
	}
	s.want(200, "", "HEAD", "/data/k", "", "Origin", "http://any.test")
	s.want(403, "AccessDenied", "GET", "/data/k", "", "Origin", "http://any.test")
	s.want(403, "AccessDenied", "GET", "/data/k", "", "Origin", "null")
	s.want(403, "AccessDenied", "DELETE", "/data/k", "", "Origin", "http://app.test")
	s.want(403, "AccessDenied", "GET", "/", "", "Origin", "http://app.test")
	s.want(403, "AccessDenied", "GET", "/data/k", "", "Origin", "http://app.test", "Host", "app.test")
	s.want(200, "", "GET", "/data/k", "")
}

// What a page loads by a tag bears no Origin. Sec-Fetch-Site tells it from what a person opens.
func TestTagsOfPagesWithoutKeys(t *testing.T) {
	s, signed := newServer(t), newSignedServer(t)
	s.put("/data/k", "x")
	image := func(site string, more ...string) []string {
		return append([]string{"Sec-Fetch-Site", site, "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, more...)
	}
	for _, site := range []string{"cross-site", "same-site"} {
		for _, target := range []string{"/", "/data", "/data/k", "/nothing/k"} {
			s.want(403, "AccessDenied", "GET", target, "", image(site)...)
		}
		s.want(200, "", "GET", "/data/k", "", "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		a := signed.signed("GET", "/data/k", "", "UNSIGNED-PAYLOAD", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", site) })
		if a.code() == "AccessDenied" {
			t.Errorf("%s, signed: %s", site, a.body)
		}
	}
	for _, site := range []string{"none", "same-origin"} {
		s.want(200, "", "GET", "/data/k", "", image(site)...)
	}
	s.setCORS(corsExample)
	s.want(200, "", "GET", "/data/k", "", image("cross-site", "Referer", "http://app.test/page.html")...)
	s.want(403, "AccessDenied", "GET", "/data/k", "", image("cross-site", "Referer", "http://any.test/page.html")...)
	s.want(403, "AccessDenied", "GET", "/data/k", "", image("cross-site")...)
	s.want(200, "", "HEAD", "/data/k", "", image("cross-site")...)
}

// A stored page that is opened from an endpoint without keys is of an origin of its own. With keys nothing is added, since
// presigned URLs are for other pages.
func TestStoredPages(t *testing.T) {
	const sandbox = "sandbox allow-scripts allow-forms allow-popups allow-downloads"
	s, signed := newServer(t), newSignedServer(t)
	for kind, want := range map[string]string{
		"text/html": sandbox, "TEXT/HTML; charset=utf-8": sandbox, "image/svg+xml": sandbox, "application/xhtml+xml": sandbox,
		"text/xml": sandbox, "application/xml": sandbox, "text/html;;": sandbox,
		"image/png": "", "text/plain": "", "application/pdf": "", "binary/octet-stream": "",
	} {
		s.want(200, "", "PUT", "/data/page", "x", "Content-Type", kind)
		for _, method := range []string{"GET", "HEAD"} {
			header := s.want(200, "", method, "/data/page", "").Header
			if got := header.Get("Content-Security-Policy"); got != want || header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: %q, want %q; %v", kind, got, want, header)
			}
		}
		signed.signed("PUT", "/data/page", "x", "UNSIGNED-PAYLOAD", func(r *http.Request) { r.Header.Set("Content-Type", kind) })
		a := signed.signed("GET", "/data/page", "", "UNSIGNED-PAYLOAD", nil)
		if a.StatusCode != 200 || a.Header.Get("Content-Security-Policy")+a.Header.Get("X-Content-Type-Options") != "" {
			t.Errorf("%s, with keys: %s %v", kind, a.Status, a.Header)
		}
	}
	s.want(200, "", "PUT", "/data/page", "x", "Content-Type", "text/plain")
	header := s.want(200, "", "GET", "/data/page?response-content-type=text/html", "").Header
	if got := header.Get("Content-Security-Policy"); got != sandbox {
		t.Errorf("a type of the request: %q", got)
	}
}

// A page that may write to one bucket does not thereby read another: neither by a copy nor by a part that is one.
func TestCopiesOfPagesWithoutKeys(t *testing.T) {
	s := newServer(t)
	s.want(200, "", "PUT", "/secret", "")
	s.put("/secret/k", "x")
	s.put("/data/k", "x")
	s.setCORS(corsExample)
	upload := decode[struct {
		UploadID string `xml:"UploadId"`
	}](t, s.want(200, "", "POST", "/data/part?uploads", "")).UploadID
	for _, target := range []string{"/data/copy", "/data/part?partNumber=1&uploadId=" + upload} {
		page := []string{"Origin", "http://app.test", "x-amz-copy-source"}
		s.want(403, "AccessDenied", "PUT", target, "", append(page, "secret/k")...)
		s.want(403, "AccessDenied", "PUT", target, "", append(page, "secret/nothing")...)
		s.want(403, "AccessDenied", "PUT", target, "", append(page, "nothing/k")...)
		s.want(200, "", "PUT", target, "", append(page, "data/k")...)
		s.want(200, "", "PUT", target, "", "x-amz-copy-source", "secret/k")
	}
}
