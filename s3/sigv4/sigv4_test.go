package sigv4_test

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/minio/minio-go/v7/pkg/signer"

	"pfsd/s3/sigv4"
)

// The examples are those of the S3 manual, "Authenticating Requests: Using the Authorization Header" and "Using Query
// Parameters", with its keys.
const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	emptyHash     = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var exampleTime = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)

func secretOf(key string) (string, bool) { return exampleSecret, key == exampleKey }

func request(t *testing.T, method, target string, header map[string]string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host = "examplebucket.s3.amazonaws.com"
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return r
}

func authorization(signed, signature string) string {
	return "AWS4-HMAC-SHA256 Credential=" + exampleKey + "/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + signed +
		",Signature=" + signature
}

func TestExamplesOfTheManual(t *testing.T) {
	for _, tc := range []struct {
		name, method, target string
		header               map[string]string
	}{
		{"GET with a range", "GET", "/test.txt", map[string]string{
			"Authorization": authorization("host;range;x-amz-content-sha256;x-amz-date",
				"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
			"Range": "bytes=0-9", "x-amz-content-sha256": emptyHash, "x-amz-date": "20130524T000000Z"}},
		{"PUT", "PUT", "/test%24file.text", map[string]string{
			"Authorization": authorization("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
				"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
			"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-date": "20130524T000000Z", "x-amz-storage-class": "REDUCED_REDUNDANCY",
			"x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}},
		{"sub-resource", "GET", "/?lifecycle", map[string]string{
			"Authorization": authorization("host;x-amz-content-sha256;x-amz-date",
				"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
			"x-amz-date": "20130524T000000Z", "x-amz-content-sha256": emptyHash}},
		{"list", "GET", "/?max-keys=2&prefix=J", map[string]string{
			"Authorization": authorization("host;x-amz-content-sha256;x-amz-date",
				"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
			"x-amz-date": "20130524T000000Z", "x-amz-content-sha256": emptyHash}},
		{"presigned", "GET", "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F" +
			"us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&" +
			"X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id, err := sigv4.Verify(request(t, tc.method, tc.target, tc.header), secretOf, exampleTime)
			if err != nil {
				t.Fatal(err)
			}
			if id.AccessKey != exampleKey || id.Region != "us-east-1" || id.Presigned != (tc.name == "presigned") {
				t.Errorf("identity %+v", id)
			}
		})
	}
}

// The chunks are those of the manual's example: 65,536 and 1,024 times "a", then the empty one.
func TestChunkExampleOfTheManual(t *testing.T) {
	r := request(t, "PUT", "/examplebucket/chunkObject.txt", map[string]string{
		"Authorization": authorization("content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"+
			"x-amz-decoded-content-length;x-amz-storage-class", "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
		"x-amz-date": "20130524T000000Z", "x-amz-storage-class": "REDUCED_REDUNDANCY", "Content-Encoding": "aws-chunked",
		"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-decoded-content-length": "66560",
	})
	r.Host, r.ContentLength = "s3.amazonaws.com", 66824
	id, err := sigv4.Verify(r, secretOf, exampleTime)
	if err != nil {
		t.Fatal(err)
	}
	chunks := id.Chunks()
	for i, tc := range []struct {
		size int
		want string
	}{
		{65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"},
		{1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"},
		{0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"},
	} {
		if got := chunks.Chunk(sha256.Sum256([]byte(strings.Repeat("a", tc.size)))); got != tc.want {
			t.Errorf("chunk %d: %s, want %s", i, got, tc.want)
		}
	}
}

// signed returns a request signed by an independent implementation.
func signed(t *testing.T, method, target string, change func(*http.Request)) *http.Request {
	t.Helper()
	r := request(t, method, target, map[string]string{"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
	r.URL.Host = r.Host
	if change != nil {
		change(r)
	}
	s := signer.SignV4(*r, exampleKey, exampleSecret, "", "eu-west-3")
	return s
}

func TestIndependentSigner(t *testing.T) {
	for _, target := range []string{
		"/", "/b/k", "/b/a%20b+c%2Bd", "/b/%C3%A4/%E2%82%AC", "/b/a//b/", "/b/x~y*z'(!)", "/b/k?versionId=HEAD%5E2",
		"/b?list-type=2&prefix=a%20b&delimiter=%2F&start-after=%2B", "/b/k?uploads", "/b?delete=",
		"/b/k?select&select-type=2", "/b/k?x-amz-meta-a=1&x-amz-meta-a-b=2&x-amz-meta-a1=3",
	} {
		id, err := sigv4.Verify(signed(t, "GET", target, nil), secretOf, time.Now())
		if err != nil {
			t.Errorf("%s: %v", target, err)
		} else if id.Region != "eu-west-3" {
			t.Errorf("%s: region %q", target, id.Region)
		}
	}
}

// Semicolons in a query need no escape, and clients there are that write none between the names of signed headers.
func TestSemicolonsInQuery(t *testing.T) {
	r := request(t, "GET", "/b/k?prefix=a%3Bb", map[string]string{"x-amz-meta-a": "1"})
	r.URL.Host = r.Host
	signed := signer.PreSignV4(*r, exampleKey, exampleSecret, "", "us-east-1", 60)
	signed.Header = r.Header
	plain := strings.ReplaceAll(signed.URL.RawQuery, "%3B", ";")
	if !strings.Contains(plain, "X-Amz-SignedHeaders=host;x-amz-meta-a") {
		t.Fatal(plain)
	}
	signed.URL.RawQuery = plain
	if _, err := sigv4.Verify(signed, secretOf, time.Now()); err != nil {
		t.Errorf("%s: %v", plain, err)
	}
}

func TestRefused(t *testing.T) {
	now := time.Now()
	presign := func(expiry int64) *http.Request {
		r := request(t, "GET", "/b/k", nil)
		r.URL.Host = r.Host
		return signer.PreSignV4(*r, exampleKey, exampleSecret, "", "us-east-1", expiry)
	}
	edit := func(r *http.Request, change func(*http.Request, url.Values)) *http.Request {
		query := r.URL.Query()
		change(r, query)
		r.URL.RawQuery = query.Encode()
		return r
	}
	for _, tc := range []struct {
		name string
		r    *http.Request
		now  time.Time
		want sigv4.Code
	}{
		{"nothing", request(t, "GET", "/", nil), now, sigv4.Missing},
		{"version 2", request(t, "GET", "/", map[string]string{"Authorization": "AWS a:b"}), now, sigv4.Unsupported},
		{"no payload hash", edit(signed(t, "GET", "/", nil), func(r *http.Request, _ url.Values) {
			r.Header.Del("X-Amz-Content-Sha256")
		}), now, sigv4.NoPayloadHash},
		{"garbage", request(t, "GET", "/", map[string]string{"Authorization": "AWS4-HMAC-SHA256 x",
			"x-amz-content-sha256": "x"}), now, sigv4.Malformed},
		{"other path", edit(signed(t, "GET", "/a", nil), func(r *http.Request, _ url.Values) { r.URL.Path = "/b" }), now,
			sigv4.Mismatch},
		{"other method", edit(signed(t, "GET", "/a", nil), func(r *http.Request, _ url.Values) { r.Method = "PUT" }), now,
			sigv4.Mismatch},
		{"other query", edit(signed(t, "GET", "/a", nil), func(_ *http.Request, q url.Values) { q.Set("x", "y") }), now,
			sigv4.Mismatch},
		{"unsigned header", edit(signed(t, "GET", "/a", nil), func(r *http.Request, _ url.Values) {
			r.Header.Set("x-amz-acl", "public-read")
		}), now, sigv4.NotSigned},
		{"a date as in mail", edit(signed(t, "GET", "/a", nil), func(r *http.Request, _ url.Values) {
			r.Header.Del("X-Amz-Date")
			r.Header.Set("Date", now.UTC().Format(time.RFC1123Z))
		}), now, sigv4.Mismatch},
		{"no date", edit(signed(t, "GET", "/a", nil), func(r *http.Request, _ url.Values) {
			r.Header.Del("X-Amz-Date")
		}), now, sigv4.Missing},
		{"late", signed(t, "GET", "/a", nil), now.Add(time.Hour), sigv4.Skewed},
		{"early", signed(t, "GET", "/a", nil), now.Add(-time.Hour), sigv4.Skewed},
		{"presigned, in time", presign(3600), now.Add(time.Hour / 2), 0},
		{"presigned, late", presign(3600), now.Add(2 * time.Hour), sigv4.Expired},
		{"presigned, early", presign(3600), now.Add(-time.Hour), sigv4.Expired},
		{"presigned for too long", presign(8 * 86400), now, sigv4.BadQuery},
		{"presigned, expiry changed", edit(presign(60), func(_ *http.Request, q url.Values) {
			q.Set("X-Amz-Expires", "6000")
		}), now, sigv4.Mismatch},
		{"presigned, bad date", edit(presign(60), func(_ *http.Request, q url.Values) { q.Set("X-Amz-Date", "now") }), now,
			sigv4.BadQuery},
		{"presigned, no expiry", edit(presign(60), func(_ *http.Request, q url.Values) { q.Del("X-Amz-Expires") }), now,
			sigv4.BadQuery},
		{"presigned, other service", edit(presign(60), func(_ *http.Request, q url.Values) {
			q.Set("X-Amz-Credential", strings.Replace(q.Get("X-Amz-Credential"), "/s3/", "/sqs/", 1))
		}), now, sigv4.BadQuery},
		{"presigned, other key", edit(presign(60), func(_ *http.Request, q url.Values) {
			q.Set("X-Amz-Credential", "x"+q.Get("X-Amz-Credential"))
		}), now, sigv4.UnknownKey},
		{"both ways", edit(presign(60), func(r *http.Request, _ url.Values) { r.Header.Set("Authorization", "x") }), now,
			sigv4.BadQuery},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := sigv4.Verify(tc.r, secretOf, tc.now)
			var e *sigv4.Error
			if tc.want == 0 && err == nil {
				return
			}
			if !errors.As(err, &e) || e.Code != tc.want {
				t.Errorf("got %v, want code %d", err, tc.want)
			}
		})
	}
}

// FuzzVerify checks that no request makes Verify panic or let in what was not signed.
func FuzzVerify(f *testing.F) {
	f.Add("/b/k?x=y", authorization("host", emptyHash), "20130524T000000Z")
	f.Add("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/s3/aws4_request", "", "")
	f.Add("/%zz?%zz=%", "AWS4-HMAC-SHA256 Credential=////,SignedHeaders=;,Signature==", "x")
	f.Fuzz(func(t *testing.T, target, header, date string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: "GET", URL: u, Header: http.Header{}}
		r.Header.Set("Authorization", header)
		r.Header.Set("X-Amz-Date", date)
		r.Header.Set("X-Amz-Content-Sha256", emptyHash)
		if _, err := sigv4.Verify(r, secretOf, exampleTime); err == nil {
			t.Errorf("%q %q %q was let in", target, header, date)
		}
	})
}

// Who does not say what the body hashes to has signed that of none, as curl does before version 8.
func TestHashThatIsNotSaid(t *testing.T) {
	for hash, ok := range map[string]bool{emptyHash: true, "UNSIGNED-PAYLOAD": false} {
		r := request(t, "GET", "/b/k?list-type=2", nil)
		creds := aws.Credentials{AccessKeyID: exampleKey, SecretAccessKey: exampleSecret}
		if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hash, "s3", "us-east-1", exampleTime); err != nil {
			t.Fatal(err)
		}
		id, err := sigv4.Verify(r, secretOf, exampleTime)
		if (err == nil) != ok || ok && id.Payload != emptyHash {
			t.Errorf("%s: %+v, %v", hash, id, err)
		}
	}
}

// A header is named once among those that are signed: what is signed cannot be larger than the request.
func TestSignedTwice(t *testing.T) {
	for _, presigned := range []bool{false, true} {
		r := signed(t, "GET", "/b/k", nil)
		want := sigv4.Malformed
		if presigned {
			r = request(t, "GET", "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&X-Amz-SignedHeaders=host%3Bhost&X-Amz-Credential="+
				exampleKey+"%2F20130524%2Fus-east-1%2Fs3%2Faws4_request", nil)
			want = sigv4.BadQuery
		} else {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SignedHeaders=", "SignedHeaders=host;", 1))
		}
		_, err := sigv4.Verify(r, secretOf, time.Now())
		var refused *sigv4.Error
		if !errors.As(err, &refused) || refused.Code != want || !strings.Contains(refused.Message, "twice") {
			t.Errorf("presigned %v: %v", presigned, err)
		}
	}
}
