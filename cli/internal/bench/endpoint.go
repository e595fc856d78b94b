package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Endpoint is where an S3 store is.
type Endpoint struct {
	// URL is its scheme, host and port.
	URL string
	// AccessKey and SecretKey sign the requests; without them they are not signed.
	AccessKey, SecretKey string
	// Bucket is used for all objects; it is made when missing, and not removed.
	Bucket string
}

// readBuffers has *[]byte that answers are read into: larger than what the transport buffers, which they then go around.
var readBuffers = sync.Pool{New: func() any {
	b := make([]byte, 2*transportBuffer)
	return &b
}}

// transportBuffer is how much the client reads from, and writes to, its connections at once.
const transportBuffer = 256 << 10

// signedFor is how long a request may take from its signature on.
const signedFor = time.Hour

// s3Client sends requests with as little work of its own as it can: signatures are in the URL, and bodies are not hashed.
type s3Client struct {
	endpoint Endpoint
	base     *url.URL
	http     *http.Client
	signer   *minio.Client
	data     *data
	// run makes the objects of one run differ from those of another.
	run uint64
}

func newS3Client(e Endpoint) (*s3Client, error) {
	base, err := url.Parse(e.URL)
	if err != nil {
		return nil, err
	}
	c := &s3Client{endpoint: e, base: base}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.DisableCompression = 1024, true
	transport.ReadBufferSize, transport.WriteBufferSize = transportBuffer, transportBuffer
	c.http = &http.Client{Transport: transport}
	if e.AccessKey != "" {
		c.signer, err = minio.New(base.Host, &minio.Options{
			Creds: credentials.NewStaticV4(e.AccessKey, e.SecretKey, ""), Secure: base.Scheme == "https",
			Region: "us-east-1", BucketLookup: minio.BucketLookupPath,
		})
		if err != nil {
			return nil, err
		}
	}
	if c.data, err = newData(); err != nil {
		return nil, err
	}
	var run [8]byte
	if _, err := rand.Read(run[:]); err != nil {
		return nil, err
	}
	c.run = binary.LittleEndian.Uint64(run[:])
	return c, nil
}

// address returns the URL of a request.
func (c *s3Client) address(ctx context.Context, method, key string, query url.Values) (string, error) {
	if c.signer == nil {
		u := *c.base
		u.Path = "/" + c.endpoint.Bucket + "/" + key
		u.RawQuery = query.Encode()
		return u.String(), nil
	}
	u, err := c.signer.Presign(ctx, method, c.endpoint.Bucket, key, signedFor, query)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// call is one request. The answer's body is read to its end and, unless body is wanted, thrown away.
type call struct {
	method, key string
	query       url.Values
	body        io.Reader
	size        int64
	header      http.Header
}

// answer is what came back.
type answer struct {
	body   []byte
	bytes  int64
	header http.Header
}

// do sends a request. A status other than 2xx is an error, but for 409 of a bucket that is there.
func (c *s3Client) do(ctx context.Context, q call, keep bool) (a answer, err error) {
	address, err := c.address(ctx, q.method, q.key, q.query)
	if err != nil {
		return a, err
	}
	request, err := http.NewRequestWithContext(ctx, q.method, address, q.body)
	if err != nil {
		return a, err
	}
	request.ContentLength = q.size
	for name, values := range q.header {
		request.Header[name] = values
	}
	response, err := c.http.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	a.header = response.Header
	if keep || response.StatusCode/100 != 2 {
		body := bytes.NewBuffer(make([]byte, 0, max(response.ContentLength, 0)+bytes.MinRead))
		_, err = body.ReadFrom(response.Body)
		a.body = body.Bytes()
		a.bytes = int64(len(a.body))
	} else {
		buffer := readBuffers.Get().(*[]byte)
		defer readBuffers.Put(buffer)
		a.bytes, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, response.Body, *buffer)
	}
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s /%s/%s: %s: %s", q.method, c.endpoint.Bucket, q.key, response.Status, firstLine(a.body))
	}
	return a, err
}

func firstLine(body []byte) string {
	text := strings.TrimSpace(string(body))
	if len(text) > 300 {
		text = text[:300]
	}
	return strings.ReplaceAll(text, "\n", " ")
}

// ready makes the bucket, unless it is there.
func (c *s3Client) ready(ctx context.Context) error {
	if _, err := c.do(ctx, call{method: http.MethodHead}, false); err == nil {
		return nil
	}
	_, err := c.do(ctx, call{method: http.MethodPut}, false)
	return err
}

func (c *s3Client) put(ctx context.Context, key string, number uint64, size int64) error {
	body := c.data.object(c.run+number, size)
	_, err := c.do(ctx, call{method: http.MethodPut, key: key, body: body, size: size}, false)
	return err
}
