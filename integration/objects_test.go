package integration_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
)

// fetch returns the bytes of an object, of a version when one is named; the test fails without them.
func fetch(t *testing.T, c *minio.Core, bucket, key, version string) []byte {
	t.Helper()
	data, err := tryFetch(c, bucket, key, version)
	if err != nil {
		t.Fatalf("GET %s/%s %s: %v", bucket, key, version, err)
	}
	return data
}

func tryFetch(c *minio.Core, bucket, key, version string) ([]byte, error) {
	body, _, _, err := c.GetObject(context.Background(), bucket, key, minio.GetObjectOptions{VersionID: version})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// etag returns the ETag of an object, without quotes.
func etag(t *testing.T, c *minio.Core, bucket, key string) string {
	t.Helper()
	info, err := c.StatObject(context.Background(), bucket, key, minio.StatObjectOptions{})
	if err != nil {
		t.Fatalf("HEAD %s/%s: %v", bucket, key, err)
	}
	return strings.Trim(info.ETag, `"`)
}

// keys returns all keys of a bucket below prefix, without those of directories.
func keys(t *testing.T, c *minio.Core, bucket, prefix string) []string {
	t.Helper()
	var all []string
	for o := range c.Client.ListObjects(context.Background(), bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			t.Fatalf("LIST %s/%s: %v", bucket, prefix, o.Err)
		}
		if !strings.HasSuffix(o.Key, "/") {
			all = append(all, o.Key)
		}
	}
	return all
}

// upload stores size bytes of r in one PUT, without a part of them in memory.
func upload(t *testing.T, c *minio.Core, bucket, key string, r io.Reader, size int64) minio.UploadInfo {
	t.Helper()
	info, err := c.PutObject(context.Background(), bucket, key, r, size, "", "", minio.PutObjectOptions{})
	if err != nil {
		t.Fatalf("PUT %s/%s: %v", bucket, key, err)
	}
	return info
}

// uploadParts stores data by a multipart upload, with the parts in random order.
func uploadParts(t *testing.T, c *minio.Core, bucket, key string, data []byte, partSize int, order []int) {
	t.Helper()
	ctx := context.Background()
	id, err := c.NewMultipartUpload(ctx, bucket, key, minio.PutObjectOptions{})
	if err != nil {
		t.Fatalf("create upload of %s: %v", key, err)
	}
	parts := make([]minio.CompletePart, len(order))
	for _, i := range order {
		piece := data[i*partSize : min((i+1)*partSize, len(data))]
		part, err := c.PutObjectPart(ctx, bucket, key, id, i+1, bytes.NewReader(piece), int64(len(piece)),
			minio.PutObjectPartOptions{})
		if err != nil {
			t.Fatalf("part %d of %s: %v", i+1, key, err)
		}
		parts[i] = minio.CompletePart{PartNumber: i + 1, ETag: part.ETag}
	}
	if _, err := c.CompleteMultipartUpload(ctx, bucket, key, id, parts, minio.PutObjectOptions{}); err != nil {
		t.Fatalf("complete upload of %s: %v", key, err)
	}
}
