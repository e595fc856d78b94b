package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"pfsd/pfs"
	"pfsd/s3"
)

const accessKey, secretKey = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

// newSignedServer starts a server with keys, whose clock is the world's as the clients' is.
func newSignedServer(t *testing.T) *server {
	return newServer(t, func(c *s3.Config) { c.AccessKey, c.SecretKey, c.Now = accessKey, secretKey, time.Now })
}

func (s *server) minio(access, secret string, change ...func(*minio.Options)) *minio.Client {
	s.t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	opts := &minio.Options{Creds: credentials.NewStaticV4(access, secret, ""), Transport: s.Client().Transport,
		Region: "eu-west-3"}
	for _, fn := range change {
		fn(opts)
	}
	client, err := minio.New(u.Host, opts)
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

// minio-go sends a body unsigned, with its checksum behind it, over TLS, without keys, and for parts of files. It ends the
// trailer with a lone newline and then writes two empty lines.
func TestMinioTrailers(t *testing.T) {
	keys := func(c *s3.Config) { c.AccessKey, c.SecretKey, c.Now = accessKey, secretKey, time.Now }
	for name, tc := range map[string]struct {
		configure func(*s3.Config)
		creds     *credentials.Credentials
		secure    bool
	}{
		"HTTP":      {keys, credentials.NewStaticV4(accessKey, secretKey, ""), false},
		"TLS":       {keys, credentials.NewStaticV4(accessKey, secretKey, ""), true},
		"anonymous": {func(*s3.Config) {}, credentials.NewStaticV4("", "", ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, tc.configure)
			if tc.secure {
				s.overTLS()
			}
			c := s.minio(accessKey, secretKey, func(o *minio.Options) {
				o.Creds, o.Secure, o.TrailingHeaders = tc.creds, tc.secure, true
			})
			for _, size := range []int{0, 1, 65537, 17 << 20} {
				data := []byte(bytesOf(1, size))
				for _, opts := range []minio.PutObjectOptions{
					{}, {Checksum: minio.ChecksumCRC32C}, {Checksum: minio.ChecksumSHA256, PartSize: 5 << 20},
				} {
					if _, err := c.PutObject(t.Context(), "data", "k", bytes.NewReader(data), int64(size), opts); err != nil {
						t.Fatalf("%d bytes, %+v: %v", size, opts.Checksum, err)
					}
					if got := s.stored("k"); !bytes.Equal(got, data) {
						t.Errorf("%d bytes, %+v: stored %d", size, opts.Checksum, len(got))
					}
				}
			}
		})
	}
}

func TestSignatures(t *testing.T) {
	s := newSignedServer(t)
	s.want(403, "AccessDenied", "GET", "/data/k", "")
	s.want(400, "InvalidArgument", "GET", "/", "", "Authorization", "Basic eDp5")
	s.want(400, "InvalidArgument", "GET", "/data/k", "", "Authorization", "AWS a")
	s.want(403, "AccessDenied", "GET", "/data/k", "", "Authorization", "AWS a:b")
	s.want(403, "InvalidAccessKeyId", "GET", "/data/k", "", "Authorization", "AWS a:b",
		"x-amz-date", time.Now().UTC().Format(http.TimeFormat))
	ctx := context.Background()
	for _, tc := range []struct{ access, secret, code string }{
		{accessKey, "wrong", "SignatureDoesNotMatch"}, {"wrong", secretKey, "InvalidAccessKeyId"}, {accessKey, secretKey,
			"NoSuchKey"},
	} {
		_, err := s.minio(tc.access, tc.secret).StatObject(ctx, "data", "k", minio.StatObjectOptions{})
		if got := minio.ToErrorResponse(err).Code; got != tc.code && !(tc.code != "NoSuchKey" && got == "AccessDenied") {
			t.Errorf("%s: %v", tc.code, err)
		}
		object, err := s.minio(tc.access, tc.secret).GetObject(ctx, "data", "k", minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = object.Read(make([]byte, 1))
		_ = object.Close()
		if got := minio.ToErrorResponse(err).Code; got != tc.code {
			t.Errorf("%s: %v", tc.code, err)
		}
	}
	client := s.minio(accessKey, secretKey)
	if _, err := client.PutObject(ctx, "data", "k ä+", strings.NewReader("hello"), 5, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	commit, err := s.store.Commit(ctx, pfs.BranchRef("data", "master"))
	if err != nil || commit.Author != accessKey || commit.Origin != pfs.OriginS3 {
		t.Errorf("commit %+v, %v", commit, err)
	}
}

// minio-go sends signed chunks over plain HTTP, with and without trailers, and many parts at once.
func TestMinioClient(t *testing.T) {
	s := newSignedServer(t)
	ctx := context.Background()
	client := s.minio(accessKey, secretKey)
	for _, size := range []int{0, 1, 65537, 11 << 20} {
		data := []byte(bytesOf(1, size))
		for name, opts := range map[string]minio.PutObjectOptions{
			"default": {}, "trailer": {Checksum: minio.ChecksumCRC64NVME}, "sha256": {Checksum: minio.ChecksumSHA256},
			"parts": {PartSize: 5 << 20}, "md5": {SendContentMd5: true}, "unknown size": {PartSize: 5 << 20},
			"crc32c full object": {Checksum: minio.ChecksumFullObjectCRC32C, PartSize: 5 << 20},
		} {
			if size > 1<<20 && opts.PartSize == 0 {
				continue
			}
			given := int64(size)
			if name == "unknown size" {
				given = -1
			}
			c := s.minio(accessKey, secretKey, func(o *minio.Options) { o.TrailingHeaders = name != "default" })
			info, err := c.PutObject(ctx, "data", name, bytes.NewReader(data), given, opts)
			if err != nil {
				t.Fatalf("%s, %d bytes: %v", name, size, err)
			}
			if want := strings.Trim(etagOf(string(data)), `"`); info.ETag != want || info.VersionID == "" {
				t.Errorf("%s, %d bytes: %+v, want ETag %s", name, size, info, want)
			}
			object, err := client.GetObject(ctx, "data", name, minio.GetObjectOptions{Checksum: true})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(object)
			_ = object.Close()
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%s, %d bytes: got %d, %v", name, size, len(got), err)
			}
		}
	}
	var keys []string
	for object := range client.ListObjects(ctx, "data", minio.ListObjectsOptions{Recursive: true, MaxKeys: 2}) {
		if object.Err != nil {
			t.Fatal(object.Err)
		}
		keys = append(keys, object.Key)
	}
	if len(keys) != 7 || !slices.IsSorted(keys) {
		t.Errorf("keys %q", keys)
	}
	objects := make(chan minio.ObjectInfo, len(keys))
	for _, key := range keys {
		objects <- minio.ObjectInfo{Key: key}
	}
	close(objects)
	for e := range client.RemoveObjects(ctx, "data", objects, minio.RemoveObjectsOptions{}) {
		t.Error(e)
	}
}

// Clients that sign in the old way can do the same.
func TestSignaturesOfVersion2(t *testing.T) {
	s := newSignedServer(t)
	ctx := context.Background()
	client := s.minio(accessKey, secretKey, func(o *minio.Options) {
		o.Creds = credentials.NewStaticV2(accessKey, secretKey, "")
	})
	for _, key := range []string{"k", "a b+c/ä?&=%", "x~y"} {
		info, err := client.PutObject(ctx, "data", key, strings.NewReader("hello"), 5, minio.PutObjectOptions{
			ContentType: "text/x", UserMetadata: map[string]string{"a": "b  c"}})
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		got, err := client.StatObject(ctx, "data", key, minio.StatObjectOptions{VersionID: info.VersionID})
		if err != nil || got.ContentType != "text/x" || got.UserMetadata["A"] != "b  c" {
			t.Errorf("%s: %+v, %v", key, got, err)
		}
	}
	parts := minio.PutObjectOptions{PartSize: 5 << 20}
	if _, err := client.PutObject(ctx, "data", "parts", strings.NewReader(bytesOf(1, 6<<20)), -1, parts); err != nil {
		t.Error(err)
	}
	for object := range client.ListObjects(ctx, "data", minio.ListObjectsOptions{Recursive: true, Prefix: "a b"}) {
		if object.Err != nil || object.Key != "a b+c/ä?&=%" {
			t.Errorf("listed %q, %v", object.Key, object.Err)
		}
	}
	commit, err := s.store.Commit(ctx, pfs.BranchRef("data", "master"))
	if err != nil || commit.Author != accessKey {
		t.Errorf("commit %+v, %v", commit, err)
	}
}

func TestPresigned(t *testing.T) {
	for name, creds := range map[string]*credentials.Credentials{
		"version 4": credentials.NewStaticV4(accessKey, secretKey, ""),
		"version 2": credentials.NewStaticV2(accessKey, secretKey, ""),
	} {
		t.Run(name, func(t *testing.T) { testPresigned(t, creds) })
	}
}

func testPresigned(t *testing.T, creds *credentials.Credentials) {
	s := newSignedServer(t)
	ctx := context.Background()
	client := s.minio(accessKey, secretKey, func(o *minio.Options) { o.Creds = creds })
	fetch := func(method string, u *url.URL, body string) (int, string) {
		r, err := http.NewRequest(method, u.String(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		data, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(data)
	}
	put, err := client.PresignedPutObject(ctx, "data", "k", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch("PUT", put, "hello"); status != 200 {
		t.Errorf("PUT: %d %s", status, body)
	}
	get, err := client.PresignedGetObject(ctx, "data", "k", time.Minute, url.Values{"response-content-type": {"text/x"}})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch("GET", get, ""); status != 200 || body != "hello" {
		t.Errorf("GET: %d %s", status, body)
	}
	if status, _ := fetch("PUT", get, "x"); status != 403 {
		t.Errorf("PUT with a URL for GET: %d", status)
	}
	query := get.Query()
	if query.Has("Expires") {
		query.Set("Expires", "1")
	} else {
		query.Set("X-Amz-Date", time.Now().Add(-time.Hour).UTC().Format("20060102T150405Z"))
	}
	get.RawQuery = query.Encode()
	if status, body := fetch("GET", get, ""); status != 403 || !strings.Contains(body, "expired") {
		t.Errorf("expired: %d %s", status, body)
	}
}

// A chunk whose bytes were changed on the way is not stored.
func TestTamperedChunk(t *testing.T) {
	s := newSignedServer(t)
	tampering := tamper{s.Client().Transport}
	client := s.minio(accessKey, secretKey, func(o *minio.Options) { o.Transport = tampering })
	_, err := client.PutObject(context.Background(), "data", "k", strings.NewReader("hello"), 5,
		minio.PutObjectOptions{DisableContentSha256: false})
	if got := minio.ToErrorResponse(err).Code; got != "SignatureDoesNotMatch" {
		t.Errorf("got %v", err)
	}
	_, err = s.minio(accessKey, secretKey).StatObject(context.Background(), "data", "k", minio.StatObjectOptions{})
	if got := minio.ToErrorResponse(err).Code; got != "NoSuchKey" {
		t.Errorf("got %v", err)
	}
}

// So is a trailer.
func TestTamperedTrailer(t *testing.T) {
	s := newSignedServer(t)
	client := s.minio(accessKey, secretKey, func(o *minio.Options) {
		o.Transport = retrail{s.Client().Transport}
		o.TrailingHeaders = true
	})
	_, err := client.PutObject(context.Background(), "data", "k", strings.NewReader("hello"), 5,
		minio.PutObjectOptions{Checksum: minio.ChecksumCRC32})
	if got := minio.ToErrorResponse(err).Code; got != "SignatureDoesNotMatch" {
		t.Errorf("got %v", err)
	}
}

// retrail is a transport that changes the checksum in the trailer to one that is right for other bytes.
type retrail struct{ http.RoundTripper }

func (c retrail) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Method == http.MethodPut {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		old, other := []byte("x-amz-checksum-crc32:NhCmhg=="), []byte("x-amz-checksum-crc32:AAAAAA==")
		if !bytes.Contains(data, old) {
			return nil, errors.New("there is no such trailer")
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(data, old, other, 1)))
	}
	return c.RoundTripper.RoundTrip(r)
}

// tamper is a transport that changes bodies.
type tamper struct{ http.RoundTripper }

func (c tamper) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Method == http.MethodPut {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(data, []byte("hello"), []byte("jello"), 1)))
	}
	return c.RoundTripper.RoundTrip(r)
}
