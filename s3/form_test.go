package s3_test

import (
	"bytes"
	"encoding/base64"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"pfsd/s3"
)

// post sends a form with fields and a file, as a browser does.
func (s *server) post(path string, fields map[string]string, filename, content string) answer {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := w.WriteField(name, fields[name]); err != nil {
			s.t.Fatal(err)
		}
	}
	file, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + filename + `"`}, "Content-Type": {"image/png"}})
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = file.Write([]byte(content))
	_ = w.WriteField("submit", "Upload")
	_ = w.Close()
	s.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s.send("POST", path, &body, "Content-Type", w.FormDataContentType())
}

// signedForm returns the fields of a form that an independent implementation has signed.
func (s *server) signedForm(creds *credentials.Credentials, change func(*minio.PostPolicy) error) map[string]string {
	s.t.Helper()
	policy := minio.NewPostPolicy()
	for _, err := range []error{
		policy.SetBucket("data"), policy.SetKeyStartsWith("up/"), policy.SetExpires(time.Now().Add(time.Minute)), change(policy),
	} {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	client := s.minio(accessKey, secretKey, func(o *minio.Options) { o.Creds = creds })
	_, fields, err := client.PresignedPostPolicy(s.t.Context(), policy)
	if err != nil {
		s.t.Fatal(err)
	}
	return fields
}

func TestForm(t *testing.T) {
	for name, creds := range map[string]*credentials.Credentials{
		"version 4": credentials.NewStaticV4(accessKey, secretKey, ""),
		"version 2": credentials.NewStaticV2(accessKey, secretKey, ""),
	} {
		t.Run(name, func(t *testing.T) { testForm(t, creds) })
	}
}

func testForm(t *testing.T, creds *credentials.Credentials) {
	s := newSignedServer(t)
	fields := s.signedForm(creds, func(p *minio.PostPolicy) error {
		_ = p.SetContentType("text/x")
		_ = p.SetUserMetadata("color", "red")
		return p.SetContentLengthRange(2, 5)
	})
	fields["key"] = "up/${filename}"
	for _, tc := range []struct {
		name, field, value, content string
		status                      int
		code                        string
	}{
		{"as it is", "key", "up/${filename}", "hello", 204, ""},
		{"too large", "key", "up/b", "hello!", 400, "EntityTooLarge"},
		{"too small", "key", "up/b", "h", 400, "EntityTooSmall"},
		{"another key", "key", "down/b", "hello", 403, "AccessDenied"},
		{"another type", "Content-Type", "text/html", "hello", 403, "AccessDenied"},
		{"a field more", "x-amz-meta-b", "1", "hello", 403, "AccessDenied"},
		{"an ignored field", "x-ignore-b", "1", "hello", 204, ""},
		{"another case", "Key", "up/${filename}", "hello", 204, ""},
		{"another policy", "policy", base64.StdEncoding.EncodeToString([]byte(
			`{"expiration": "2100-01-01T00:00:00Z", "conditions": []}`)), "hello", 403, "SignatureDoesNotMatch"},
		{"no policy", "policy", "", "hello", 403, "AccessDenied"},
		{"no key", "key", "", "hello", 400, "InvalidArgument"},
		{"a key that cannot be", "key", "up//b", "hello", 400, "InvalidArgument"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := maps.Clone(fields)
			changed[tc.field] = tc.value
			if tc.field == "Key" {
				delete(changed, "key")
			}
			a := s.post("/data", changed, `C:\pictures\cat.png`, tc.content)
			if a.StatusCode != tc.status || a.code() != tc.code {
				t.Errorf("%s %s", a.Status, a.body)
			}
		})
	}
	if a := s.post("/other.data", fields, "x", "hello"); a.StatusCode != 403 {
		t.Errorf("into another bucket: %s %s", a.Status, a.body)
	}
	signer := s.minio(accessKey, secretKey)
	info, err := signer.StatObject(t.Context(), "data", "up/cat.png", minio.StatObjectOptions{})
	if err != nil || info.ContentType != "text/x" || info.UserMetadata["Color"] != "red" || info.Size != 5 {
		t.Errorf("stored %+v, %v", info, err)
	}
	if _, err := signer.StatObject(t.Context(), "data", "up/b", minio.StatObjectOptions{}); err == nil {
		t.Error("what was refused was stored")
	}
}

func TestFormSignatureFields(t *testing.T) {
	s := newSignedServer(t)
	fields := s.signedForm(credentials.NewStaticV4(accessKey, secretKey, ""), func(*minio.PostPolicy) error { return nil })
	fields["key"] = "up/k"
	for _, tc := range []struct{ field, value, code string }{
		{"x-amz-signature", strings.Repeat("0", 64), "SignatureDoesNotMatch"},
		{"x-amz-signature", "", "InvalidArgument"},
		{"x-amz-algorithm", "AWS3", "InvalidArgument"},
		{"x-amz-date", "now", "InvalidArgument"},
		{"x-amz-credential", "a", "InvalidArgument"},
		{"x-amz-credential", "a" + fields["x-amz-credential"], "InvalidAccessKeyId"},
	} {
		changed := maps.Clone(fields)
		changed[tc.field] = tc.value
		if a := s.post("/data", changed, "x", "y"); a.code() != tc.code {
			t.Errorf("%s=%s: %s", tc.field, tc.value, a.body)
		}
	}
	old := map[string]string{"key": "k", "policy": "x", "AWSAccessKeyId": "other", "signature": "x"}
	if a := s.post("/data", old, "x", "y"); a.code() != "InvalidAccessKeyId" {
		t.Errorf("%s", a.body)
	}
	old["AWSAccessKeyId"] = accessKey
	if a := s.post("/data", old, "x", "y"); a.code() != "SignatureDoesNotMatch" {
		t.Errorf("%s", a.body)
	}
}

// A store without keys needs no policy, but obeys one.
func TestFormWithoutKeys(t *testing.T) {
	s := newServer(t)
	a := s.post("/data", map[string]string{"key": "dir/k", "success_action_status": "201", "x-amz-meta-a": "ä",
		"tagging":       "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
		"Cache-Control": "no-store", "acl": "private"}, "x", "hello")
	type answered struct{ Location, Bucket, Key, ETag string }
	want := answered{s.URL + "/data/dir/k", "data", "dir/k", etagOf("hello")}
	if got := decode[answered](t, a); a.StatusCode != 201 || got != want || a.Header.Get("Location") != want.Location {
		t.Errorf("%s %+v %v", a.Status, got, a.Header)
	}
	if a.Header.Get("X-Amz-Version-Id") == "" || a.Header.Get("Etag") != want.ETag {
		t.Errorf("answered %v", a.Header)
	}
	got := s.want(200, "", "GET", "/data/dir/k", "")
	if got.body != "hello" || got.Header.Get("Content-Type") != "binary/octet-stream" ||
		got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Amz-Tagging-Count") != "1" {
		t.Errorf("stored %q %v", got.body, got.Header)
	}
	fields := map[string]string{"key": "k+ä", "success_action_redirect": "http://app.test/done?x=1"}
	a = s.post("/data", fields, "x", "hello")
	to, err := url.Parse(a.Header.Get("Location"))
	if a.StatusCode != 303 || err != nil || to.Host != "app.test" || to.Query().Get("key") != "k+ä" ||
		to.Query().Get("etag") != etagOf("hello") || to.Query().Get("bucket") != "data" || to.Query().Get("x") != "1" {
		t.Errorf("%s to %v, %v", a.Status, to, err)
	}
	fields["success_action_redirect"] = "javascript:alert(1)"
	if a := s.post("/data", fields, "x", "hello"); a.StatusCode != 204 {
		t.Errorf("%s %v", a.Status, a.Header)
	}
	for _, tc := range []struct{ field, value, code string }{
		{"policy", "!", "InvalidPolicyDocument"}, {"acl", "public-read", "AccessControlListNotSupported"},
		{"x-amz-checksum-crc32", "AAAAAA==", "BadDigest"}, {"content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"},
		{"tagging", "<x/>", "MalformedXML"}, {"other", strings.Repeat("x", 30000), "MaxPostPreDataLengthExceeded"},
		{"policy", base64.StdEncoding.EncodeToString([]byte(`{"expiration": "2000-01-01T00:00:00Z", "conditions": []}`)),
			"AccessDenied"},
	} {
		if a := s.post("/data", map[string]string{"key": "bad", tc.field: tc.value}, "x", "y"); a.code() != tc.code {
			t.Errorf("%s: %s", tc.field, a.body)
		}
	}
	s.want(404, "NoSuchKey", "GET", "/data/bad", "")
}

func TestMalformedForms(t *testing.T) {
	s := newServer(t)
	const kind = "multipart/form-data; boundary=x"
	field := "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n"
	file := "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"
	for _, tc := range []struct{ name, kind, body, code string }{
		{"no boundary", "multipart/form-data", "", "MalformedPOSTRequest"},
		{"empty", kind, "", "MalformedPOSTRequest"},
		{"no file", kind, field + "--x--\r\n", "InvalidArgument"},
		{"cut in a field", kind, field[:len(field)-3], "MalformedPOSTRequest"},
		{"cut in the file", kind, field + file + "hello", "IncompleteBody"},
		{"endless line", kind, "--x\r\n" + strings.Repeat("y", 1<<20), "MalformedPOSTRequest"},
		{"many fields", kind, strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n", 30000),
			"MaxPostPreDataLengthExceeded"},
		{"key behind the file", kind, file + "hello\r\n" + field + "--x--\r\n", "InvalidArgument"},
	} {
		t.Run(tc.name, func(t *testing.T) { s.want(400, tc.code, "POST", "/data", tc.body, "Content-Type", tc.kind) })
	}
	s.want(404, "NoSuchKey", "GET", "/data/k", "")
	s.want(204, "", "POST", "/data", field+file+"hello\r\n--x--\r\n", "Content-Type", kind)
	s.want(501, "NotImplemented", "POST", "/data/k", field, "Content-Type", kind)
	s.want(501, "NotImplemented", "POST", "/data", field)
}

// Location names the bucket once, in the style of the request: of a form, and of an upload that is complete.
func TestLocation(t *testing.T) {
	s := newServer(t, func(c *s3.Config) { c.Domain = "s3.example.org" })
	for _, tc := range []struct{ host, path, want string }{
		{"data.s3.example.org:9000", "/", "http://data.s3.example.org:9000/a%20b/k"},
		{"s3.example.org", "/data/", "http://s3.example.org/data/a%20b/k"},
	} {
		const form = "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na b/k\r\n" +
			"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhello\r\n--x--\r\n"
		a := s.want(204, "", "POST", tc.path, form, "Host", tc.host, "Content-Type", "multipart/form-data; boundary=x")
		if got := a.Header.Get("Location"); got != tc.want {
			t.Errorf("%s: a form is at %s", tc.host, got)
		}
		id := s.create("/data/a%20b/k")
		etag := s.part("/data/a%20b/k", id, 1, "part")
		a = s.want(200, "", "POST", tc.path+"a%20b/k?uploadId="+id, completion(etag), "Host", tc.host)
		if !strings.Contains(a.body, "<Location>"+tc.want+"</Location>") {
			t.Errorf("%s: an upload is at %s", tc.host, a.body)
		}
	}
}
