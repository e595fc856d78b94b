package webpage_test

import (
	"net/http/httptest"
	"testing"

	"pfsd/s3/webpage"
)

func TestOrigin(t *testing.T) {
	for name, c := range map[string]struct {
		method  string
		headers map[string]string
		origin  string
		foreign bool
	}{
		"a program":        {"GET", nil, "", false},
		"typed by a user":  {"GET", map[string]string{"Sec-Fetch-Site": "none"}, "", false},
		"a page from here": {"GET", map[string]string{"Sec-Fetch-Site": "same-origin"}, "", false},
		"fetch":            {"GET", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "http://a.test"}, "http://a.test", true},
		"a sandboxed page": {"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "null"}, "null", true},
		"an old browser":   {"POST", map[string]string{"Origin": "http://a.test"}, "http://a.test", true},
		"an image": {"GET", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Referer": "https://a.test/page",
		}, "https://a.test", true},
		"an image of another port, without a referrer": {"GET", map[string]string{
			"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image",
		}, "", true},
		"a frame": {"GET", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe",
		}, "", true},
		"a link": {"GET", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		}, "", false},
		"a form, sent by a page without a name": {"POST", map[string]string{
			"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		}, "", true},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		for header, value := range c.headers {
			r.Header.Set(header, value)
		}
		if origin, foreign := webpage.Origin(r); origin != c.origin || foreign != c.foreign {
			t.Errorf("%s: %q, %v; want %q, %v", name, origin, foreign, c.origin, c.foreign)
		}
	}
}
