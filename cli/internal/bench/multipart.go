package bench

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
)

// multipartLoad uploads objects in parts, one after the other.
func multipartLoad(c *s3Client, opts S3Options) Load {
	var most counter
	return Load{
		Prepare: c.ready,
		Do: func(ctx context.Context, _, i int) (int64, error) {
			most.reach(i + 1)
			return opts.Size, c.multipart(ctx, c.key(i), uint64(i), opts)
		},
		Clean: func(ctx context.Context) error { return c.clear(ctx, most.value()) },
	}
}

func (c *s3Client) multipart(ctx context.Context, key string, number uint64, opts S3Options) error {
	a, err := c.do(ctx, call{method: http.MethodPost, key: key, query: url.Values{"uploads": {""}}}, true)
	if err != nil {
		return err
	}
	var upload struct{ UploadId string }
	if err := xml.Unmarshal(a.body, &upload); err != nil {
		return err
	}
	whole := c.data.object(c.run+number, opts.Size)
	var list strings.Builder
	list.WriteString("<CompleteMultipartUpload>")
	for part, off := 1, int64(0); off < opts.Size || part == 1; part, off = part+1, off+opts.PartSize {
		n := min(opts.PartSize, opts.Size-off)
		query := url.Values{"uploadId": {upload.UploadId}, "partNumber": {strconv.Itoa(part)}}
		a, err := c.do(ctx, call{method: http.MethodPut, key: key, query: query, body: io.LimitReader(whole, n), size: n}, false)
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", part, a.header.Get("Etag"))
	}
	list.WriteString("</CompleteMultipartUpload>")
	_, err = c.do(ctx, call{
		method: http.MethodPost, key: key, query: url.Values{"uploadId": {upload.UploadId}},
		body: strings.NewReader(list.String()), size: int64(list.Len()),
	}, false)
	return err
}

// counter remembers the highest number it was told. It is safe for concurrent use.
type counter struct{ n atomic.Int64 }

func (c *counter) reach(n int) {
	for {
		was := c.n.Load()
		if int64(n) <= was || c.n.CompareAndSwap(was, int64(n)) {
			return
		}
	}
}

func (c *counter) value() int { return int(c.n.Load()) }

// contentMD5 is the header that a request to delete several objects must have.
func contentMD5(body string) string {
	sum := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString(sum[:])
}
