// Package webpage tells by the headers of a request whether a page in a browser has sent it. See "Fetch Metadata Request Headers"
// (W3C) for the headers Sec-Fetch-*, which no page can set.
package webpage

import (
	"net/http"
	"net/url"
)

// Origin returns the origin (SCHEME://HOST) of the page of another origin that sent r. foreign reports whether there is one.
// The origin is empty when the browser names none, and "null" when it keeps the name back.
//
// A browser sends no Origin with what a page loads by a tag, as an image or a script. Sec-Fetch-Site tells then that the page is
// of another site, or of another port of this machine ("same-site"), and Referer names it. A page that opens a URL by GET in a
// window of its own is not foreign: it cannot read the answer, and a person may have followed a link.
func Origin(r *http.Request) (origin string, foreign bool) {
	if origin := r.Header.Get("Origin"); origin != "" {
		return origin, true
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return referrer(r), !opensWindow(r)
	}
	return "", false
}

// opensWindow reports whether the answer to r is to be shown in a window of its own.
func opensWindow(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// referrer returns the origin that the header Referer names; empty when there is none.
func referrer(r *http.Request) string {
	from, err := url.Parse(r.Header.Get("Referer"))
	if err != nil || from.Scheme == "" || from.Host == "" {
		return ""
	}
	return from.Scheme + "://" + from.Host
}
