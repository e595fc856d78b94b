package sigv2_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"pfsd/s3/sigv2"
	"pfsd/s3/sigv4"
)

// The examples are those of the S3 manual, "Signing and Authenticating REST Requests", with its keys.
const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

func secretOf(key string) (string, bool) { return exampleSecret, key == exampleKey }

func request(method, target string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "johnsmith.s3.amazonaws.com"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestExamplesOfTheManual(t *testing.T) {
	march := func(day, hour, minute, second int) time.Time {
		return time.Date(2007, 3, day, hour, minute, second, 0, time.UTC)
	}
	for _, tc := range []struct {
		name, method, target, signature string
		now                             time.Time
		headers                         []string
	}{
		{"GET", "GET", "/photos/puppy.jpg", "bWq2s1WEIj+Ydj0vQ697zp+IXMU=", march(27, 19, 36, 42), nil},
		{"PUT", "PUT", "/photos/puppy.jpg", "MyyxeRY7whkBe+bq8fHCL/2kKUg=", march(27, 21, 15, 45),
			[]string{"Content-Type", "image/jpeg", "Content-Length", "94328"}},
		{"list", "GET", "/?prefix=photos&max-keys=50&marker=puppy", "htDYFYduRNen8P9ZfE/s9SuKy0U=", march(27, 19, 42, 41),
			[]string{"User-Agent", "Mozilla/5.0"}},
		{"sub-resource", "GET", "/?acl", "c2WLPFtWHVgbEmeEG93a4cG37dM=", march(27, 19, 44, 46), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.method, tc.target, append(tc.headers, "Date", tc.now.Format("Mon, 02 Jan 2006 15:04:05 +0000"),
				"Authorization", "AWS "+exampleKey+":"+tc.signature)...)
			key, err := sigv2.Verify(r, "johnsmith", secretOf, tc.now)
			if err != nil || key != exampleKey {
				t.Errorf("%q, %v", key, err)
			}
		})
	}
	presigned := request("GET", "/photos/puppy.jpg?AWSAccessKeyId="+exampleKey+
		"&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620")
	if _, err := sigv2.Verify(presigned, "johnsmith", secretOf, time.Unix(1175139620, 0)); err != nil {
		t.Errorf("presigned: %v", err)
	}
	_, err := sigv2.Verify(presigned, "johnsmith", secretOf, time.Unix(1175139621, 0))
	if code(err) != sigv4.Expired {
		t.Errorf("presigned, late: %v", err)
	}
}

// code is the code of an error; 0 for nil or another error.
func code(err error) sigv4.Code {
	var e *sigv4.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestIndependentSigner(t *testing.T) {
	for _, target := range []string{
		"/", "/b/k", "/b/a%20b%2Bc", "/b/%C3%A4/%E2%82%AC", "/b/a//b/", "/b/x~y", "/b/k?versionId=HEAD%5E2",
		"/b?list-type=2&prefix=a%20b&delimiter=%2F", "/b/k?uploads", "/b?delete=", "/b/k?partNumber=1&uploadId=x",
		"/b/k?response-content-type=text%2Fx%20y&versionId=z", "/b/k?select&select-type=2",
	} {
		r := request("GET", target, "x-amz-meta-b", "2", "X-Amz-Meta-A", "1", "Content-Type", "text/plain")
		r.URL.Host = r.Host
		signed := signer.SignV2(*r, exampleKey, exampleSecret, false)
		if _, err := sigv2.Verify(signed, "", secretOf, time.Now()); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		if !sigv2.IsPresent(signed) {
			t.Errorf("%s: not taken for signed", target)
		}
	}
}

// What is of version 4 for whoever obeys the query is not of version 2.
func TestIsPresent(t *testing.T) {
	for query, want := range map[string]bool{
		"AWSAccessKeyId=a": true, "AWSAccessKeyId=a;b": true, "AWSAccessKeyId=a&X-Amz-Algorithm=b": false,
		"AWSAccessKeyId=a&X-Amz-Algorithm=b;c": false, "x=AWSAccessKeyId": false,
	} {
		if got := sigv2.IsPresent(request("GET", "/b/k?"+query)); got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
}

// The SDK for Python signs a bucket with a slash that is not in the path.
func TestBucketWithSlash(t *testing.T) {
	signed := request("GET", "/b/?delete=", "Date", time.Now().UTC().Format(http.TimeFormat))
	signed.URL.Host = signed.Host
	signed = signer.SignV2(*signed, exampleKey, exampleSecret, false)
	signed.URL.Path = "/b"
	if _, err := sigv2.Verify(signed, "", secretOf, time.Now()); err != nil {
		t.Error(err)
	}
	signed.URL.Path = "/b/k"
	if _, err := sigv2.Verify(signed, "", secretOf, time.Now()); code(err) != sigv4.Mismatch {
		t.Errorf("got %v", err)
	}
}

func TestRefused(t *testing.T) {
	now := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	stamp := now.Format(http.TimeFormat)
	expires := strconv.FormatInt(now.Unix()+60, 10)
	signed := func(method, target string, change func(*http.Request)) *http.Request {
		r := request(method, target, "Date", stamp, "x-amz-meta-a", "1")
		r.URL.Host = r.Host
		r = signer.SignV2(*r, exampleKey, exampleSecret, false)
		change(r)
		return r
	}
	for _, tc := range []struct {
		name string
		r    *http.Request
		want sigv4.Code
	}{
		{"right", signed("GET", "/b/k", func(*http.Request) {}), 0},
		{"garbage", request("GET", "/", "Authorization", "AWS HAHAHA"), sigv4.BadHeader},
		{"no signature", request("GET", "/", "Authorization", "AWS a:"), sigv4.BadHeader},
		{"no date", request("GET", "/", "Authorization", "AWS a:b"), sigv4.Missing},
		{"escaped name", signed("GET", "/b/k?versionId=b", func(r *http.Request) { r.URL.RawQuery = "%76ersionId=b" }), 0},
		{"bad date", request("GET", "/", "Authorization", "AWS a:b", "x-amz-date", "Bad Date"), sigv4.Missing},
		{"before time began", request("GET", "/", "Authorization", "AWS a:b", "x-amz-date",
			"Fri, 07 Jul 1950 21:53:04 GMT"), sigv4.Missing},
		{"early", request("GET", "/", "Authorization", "AWS a:b", "Date", "Wed, 07 Jul 2010 21:53:04 GMT"), sigv4.Skewed},
		{"late", request("GET", "/", "Authorization", "AWS a:b", "Date", "Wed, 07 Jul 2032 21:53:04 GMT"), sigv4.Skewed},
		{"unknown key", request("GET", "/", "Authorization", "AWS a:b", "Date", stamp), sigv4.UnknownKey},
		{"other path", signed("GET", "/b/k", func(r *http.Request) { r.URL.Path = "/b/l" }), sigv4.Mismatch},
		{"other method", signed("GET", "/b/k", func(r *http.Request) { r.Method = "PUT" }), sigv4.Mismatch},
		{"other sub-resource", signed("GET", "/b/k", func(r *http.Request) { r.URL.RawQuery = "acl" }), sigv4.Mismatch},
		{"other version", signed("GET", "/b/k?versionId=a", func(r *http.Request) { r.URL.RawQuery = "versionId=b" }),
			sigv4.Mismatch},
		{"version with an escaped name", signed("GET", "/b/k", func(r *http.Request) { r.URL.RawQuery = "%76ersionId=b" }),
			sigv4.Mismatch},
		{"type with an escaped name", signed("GET", "/b/k", func(r *http.Request) {
			r.URL.RawQuery = "response-content-typ%65=text/html"
		}), sigv4.Mismatch},
		{"other header", signed("GET", "/b/k", func(r *http.Request) { r.Header.Set("x-amz-acl", "public-read") }),
			sigv4.Mismatch},
		{"other type", signed("PUT", "/b/k", func(r *http.Request) { r.Header.Set("Content-Type", "x/y") }), sigv4.Mismatch},
		{"other digest", signed("PUT", "/b/k", func(r *http.Request) { r.Header.Set("Content-Md5", "x") }), sigv4.Mismatch},
		{"presigned without expiry", request("GET", "/b/k?AWSAccessKeyId=a&Signature=b"), sigv4.Missing},
		{"presigned, bad expiry", request("GET", "/b/k?AWSAccessKeyId=a&Signature=b&Expires=x"), sigv4.Missing},
		{"presigned, wrong", request("GET", "/b/k?AWSAccessKeyId="+exampleKey+"&Signature=b&Expires="+expires), sigv4.Mismatch},
		{"both ways", request("GET", "/b/k?AWSAccessKeyId=a&Signature=b&Expires="+expires, "Authorization", "AWS a:b"),
			sigv4.BadHeader},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := sigv2.Verify(tc.r, "", secretOf, now); code(err) != tc.want {
				t.Errorf("got %v, want code %d", err, tc.want)
			}
		})
	}
}

// FuzzVerify checks that no request makes Verify panic or let in what was not signed.
func FuzzVerify(f *testing.F) {
	f.Add("/b/k?x=y", "AWS "+exampleKey+":c2WLPFtWHVgbEmeEG93a4cG37dM=", "Tue, 27 Mar 2007 19:44:46 +0000")
	f.Add("/?AWSAccessKeyId="+exampleKey+"&Signature=x&Expires=9999999999", "", "")
	f.Add("/%zz?acl=%zz&acl&=", "AWS :", "x")
	f.Fuzz(func(t *testing.T, target, header, date string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: "GET", URL: u, Header: http.Header{}}
		r.Header.Set("Authorization", header)
		r.Header.Set("Date", date)
		if _, err := sigv2.Verify(r, "", secretOf, time.Unix(1175024686, 0)); err == nil && !strings.Contains(header, "c2WL") {
			t.Errorf("%q %q %q was let in", target, header, date)
		}
	})
}

// Headers are signed in the order of their names: one that begins another is first, whatever is behind its colon.
func TestOrderOfHeaders(t *testing.T) {
	for _, names := range [][]string{
		{"x-amz-meta-a", "x-amz-meta-a1"}, {"x-amz-meta-file", "x-amz-meta-file-name", "x-amz-meta-file.name"},
		{"x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-range"},
		{"x-amz-meta-b", "x-amz-meta-b!", "x-amz-meta-B0"},
	} {
		r := request("PUT", "/b/k")
		for _, name := range names {
			r.Header.Set(name, "v")
		}
		r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		r.URL.Host = r.Host
		signed := signer.SignV2(*r, exampleKey, exampleSecret, false)
		if _, err := sigv2.Verify(signed, "", secretOf, time.Now()); err != nil {
			t.Errorf("%q: %v", names, err)
		}
	}
}
