package s3_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"pfsd/s3"
)

// A connection goes on behind errors, whatever their bodies, and answers to HEAD have none.
func TestConnectionsOutliveErrors(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "hello")
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	ids := map[string]bool{}
	for round := range 3 {
		for _, tc := range []struct {
			method, target, header, body string
			status                       int
		}{
			{"GET", "/data/missing", "", "", 404}, {"HEAD", "/data/missing", "", "", 404}, {"HEAD", "/data/k", "", "", 200},
			{"HEAD", "/missing", "", "", 404}, {"HEAD", "/data", "", "", 200}, {"HEAD", "/data/k?acl", "", "", 501},
			{"GET", "/data/k", "If-None-Match: *", "", 304}, {"HEAD", "/data/k", "If-None-Match: *", "", 304},
			{"HEAD", "/data/k", "Range: bytes=9-", "", 416}, {"HEAD", "/data/k", "If-Match: x", "", 412},
			{"PUT", "/missing/k", "", strings.Repeat("x", 100_000), 404}, {"PUT", "/data/k", "Content-MD5: x", "hello", 400},
			{"PUT", "/data/k", "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==", "hello", 400}, {"PATCH", "/data/k", "", "x", 405},
			{"POST", "/data?delete", "", "<x", 400}, {"DELETE", "/data/missing", "", "", 204}, {"GET", "/data/k", "", "", 200},
			{"OPTIONS", "/data/k", "", "", 400}, {"PUT", "/data/k", "", "hello", 200},
		} {
			header := tc.header
			if header != "" {
				header += "\r\n"
			}
			fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n%s", tc.method, tc.target, header,
				len(tc.body), tc.body)
			response, err := http.ReadResponse(in, &http.Request{Method: tc.method})
			if err != nil {
				t.Fatalf("round %d, %s %s: %v", round, tc.method, tc.target, err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != tc.status || response.Close {
				t.Fatalf("round %d, %s %s: %s, closed %v, %v: %s", round, tc.method, tc.target, response.Status, response.Close, err,
					body)
			}
			if tc.status >= 400 && tc.method != "HEAD" && !strings.Contains(string(body), "<RequestId>") {
				t.Errorf("%s %s: %q is no XML error", tc.method, tc.target, body)
			}
			h := response.Header
			if id := h.Get("X-Amz-Request-Id"); len(id) != 16 || ids[id] || h.Get("X-Amz-Id-2") == "" || h.Get("Server") != "pfsd" {
				t.Errorf("%s %s: headers %v", tc.method, tc.target, h)
			}
			ids[h.Get("X-Amz-Request-Id")] = true
		}
	}
}

// The bucket can be in the host's name; the two ways of signing know of it.
func TestVirtualHosts(t *testing.T) {
	s := newServer(t, func(c *s3.Config) {
		c.Domain, c.AccessKey, c.SecretKey, c.Now = "s3.example.org", accessKey, secretKey, realTime
	})
	dial := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", s.Listener.Addr().String())
	}}
	defer dial.CloseIdleConnections()
	for name, creds := range map[string]*credentials.Credentials{
		"version 4": credentials.NewStaticV4(accessKey, secretKey, ""),
		"version 2": credentials.NewStaticV2(accessKey, secretKey, ""),
	} {
		for style, lookup := range map[string]minio.BucketLookupType{"path": minio.BucketLookupPath, "host": minio.BucketLookupDNS} {
			t.Run(name+" "+style, func(t *testing.T) {
				client, err := minio.New("s3.example.org:9000", &minio.Options{Creds: creds, Transport: dial, BucketLookup: lookup,
					Region: "us-east-1"})
				if err != nil {
					t.Fatal(err)
				}
				body := name + style
				buckets := []string{"data", "master.data"}
				if lookup == minio.BucketLookupDNS && name == "version 2" {
					// This client signs only what is before the first dot.
					buckets = buckets[:1]
				}
				for _, bucket := range buckets {
					_, err = client.PutObject(t.Context(), bucket, "dir/a b", strings.NewReader(body), int64(len(body)),
						minio.PutObjectOptions{})
					if err != nil {
						t.Fatal(err)
					}
					object, err := client.GetObject(t.Context(), bucket, "dir/a b", minio.GetObjectOptions{})
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(object)
					if object.Close(); err != nil || string(got) != body {
						t.Errorf("%s: %q, %v", bucket, got, err)
					}
					for o := range client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
						if o.Err != nil || o.Key != "dir/a b" {
							t.Errorf("%s: listed %+v", bucket, o)
						}
					}
				}
			})
		}
	}
}
