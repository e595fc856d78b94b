package bench

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// S3Options say what the loads of an endpoint are made of.
type S3Options struct {
	// Size is that of an object, in bytes.
	Size int64
	// Objects is how many there are for reading, listing and deleting.
	Objects int
	// Workers is how many make those objects.
	Workers int
	// PartSize is that of a part of a multipart upload.
	PartSize int64
	// RangeSize is how much one ranged read asks for.
	RangeSize int64
	// Prefix is that of keys which are there and are listed, in full pages; empty to list objects that are made for it.
	Prefix string
}

// s3Loads are the loads by name, in the order in which they are run by default.
var s3Loads = []struct {
	name string
	load func(*s3Client, S3Options) Load
}{
	{"put", putLoad}, {"again", putAgainLoad}, {"get", getLoad}, {"range", rangeLoad}, {"list", listLoad}, {"delete", deleteLoad},
	{"mixed", mixedLoad}, {"multipart", multipartLoad}, {EmptyLoad, emptyLoad},
}

// EmptyLoad is the name of the load that only a server of Reference has an answer to.
const EmptyLoad = "empty"

// S3Names are the names of the loads of an endpoint.
func S3Names() []string {
	var names []string
	for _, l := range s3Loads {
		names = append(names, l.name)
	}
	return names
}

// S3 returns the load of an endpoint with the given name. Each has a client, and keys, of its own.
func S3(e Endpoint, name string, opts S3Options) (Load, error) {
	for _, l := range s3Loads {
		if l.name != name {
			continue
		}
		client, err := newS3Client(e)
		if err != nil {
			return Load{}, err
		}
		load := l.load(client, opts)
		load.Name = name
		return load, nil
	}
	return Load{}, fmt.Errorf("there is no load %q; there are %s", name, strings.Join(S3Names(), ", "))
}

func (c *s3Client) key(i int) string {
	return fmt.Sprintf("bench-%016x/%03d/object-%08d", c.run, i/1000, i)
}

// fill puts the objects that a load reads.
func (c *s3Client) fill(opts S3Options) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := c.ready(ctx); err != nil {
			return err
		}
		l := Load{Limit: opts.Objects, Do: func(ctx context.Context, _, i int) (int64, error) {
			return opts.Size, c.put(ctx, c.key(i), uint64(i), opts.Size)
		}}
		_, err := Run(ctx, l, Options{Workers: opts.Workers})
		return err
	}
}

// clear removes all objects of the run, up to the given number.
func (c *s3Client) clear(ctx context.Context, objects int) error {
	for from := 0; from < objects; from += 1000 {
		var body strings.Builder
		body.WriteString("<Delete><Quiet>true</Quiet>")
		for i := from; i < min(from+1000, objects); i++ {
			fmt.Fprintf(&body, "<Object><Key>%s</Key></Object>", c.key(i))
		}
		body.WriteString("</Delete>")
		query := url.Values{"delete": {""}}
		size := int64(body.Len())
		_, err := c.do(ctx, call{
			method: http.MethodPost, query: query, body: strings.NewReader(body.String()), size: size,
			header: http.Header{"Content-Md5": {contentMD5(body.String())}},
		}, false)
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *s3Client) cleaner(opts S3Options) func(context.Context) error {
	return func(ctx context.Context) error { return c.clear(ctx, opts.Objects) }
}

// putLoad writes objects of new bytes.
func putLoad(c *s3Client, opts S3Options) Load {
	var most counter
	return Load{
		Prepare: c.ready,
		Do: func(ctx context.Context, _, i int) (int64, error) {
			most.reach(i + 1)
			return opts.Size, c.put(ctx, c.key(i), uint64(i), opts.Size)
		},
		Clean: func(ctx context.Context) error { return c.clear(ctx, most.value()) },
	}
}

// putAgainLoad writes bytes that are there already under new names.
func putAgainLoad(c *s3Client, opts S3Options) Load {
	var most counter
	return Load{
		Prepare: func(ctx context.Context) error {
			if err := c.ready(ctx); err != nil {
				return err
			}
			return c.put(ctx, c.key(0), 0, opts.Size)
		},
		Do: func(ctx context.Context, _, i int) (int64, error) {
			most.reach(i + 2)
			return opts.Size, c.put(ctx, c.key(i+1), 0, opts.Size)
		},
		Clean: func(ctx context.Context) error { return c.clear(ctx, most.value()) },
	}
}

// getLoad reads objects from their first byte to the last.
func getLoad(c *s3Client, opts S3Options) Load {
	return Load{Prepare: c.fill(opts), Clean: c.cleaner(opts), Do: func(ctx context.Context, _, i int) (int64, error) {
		a, err := c.do(ctx, call{method: http.MethodGet, key: c.key(i % opts.Objects)}, false)
		return a.bytes, err
	}}
}

// rangeLoad reads ranges at places all over the objects.
func rangeLoad(c *s3Client, opts S3Options) Load {
	length := min(opts.RangeSize, opts.Size)
	places := (opts.Size - length) / stampEvery
	return Load{Prepare: c.fill(opts), Clean: c.cleaner(opts), Do: func(ctx context.Context, _, i int) (int64, error) {
		from := int64(0)
		if places > 0 {
			from = int64(scatter(i)%uint64(places)) * stampEvery
		}
		header := http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", from, from+length-1)}}
		a, err := c.do(ctx, call{method: http.MethodGet, key: c.key(i % opts.Objects), header: header}, false)
		return a.bytes, err
	}}
}

// scatter returns a number that looks random, the same one for the same i (the finaliser of SplitMix64).
func scatter(i int) uint64 {
	z := (uint64(i) + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// listLoad lists all objects, one page of 1,000 an operation.
func listLoad(c *s3Client, opts S3Options) Load {
	const page = 1000
	l := Load{Prepare: c.fill(opts), Clean: c.cleaner(opts), Items: min(page, opts.Objects)}
	prefix := opts.Prefix
	if prefix == "" {
		prefix = fmt.Sprintf("bench-%016x/", c.run)
	} else {
		l = Load{Prepare: c.ready, Items: page}
	}
	var mu sync.Mutex // guards tokens
	tokens := map[int]string{}
	l.Do = func(ctx context.Context, worker, _ int) (int64, error) {
		mu.Lock()
		token := tokens[worker]
		mu.Unlock()
		query := url.Values{"list-type": {"2"}, "prefix": {prefix}, "max-keys": {strconv.Itoa(page)}}
		if token != "" {
			query.Set("continuation-token", token)
		}
		a, err := c.do(ctx, call{method: http.MethodGet, query: query}, true)
		if err != nil {
			return 0, err
		}
		// To parse the whole page would take longer than to make it.
		_, rest, _ := bytes.Cut(a.body, []byte("<NextContinuationToken>"))
		next, _, _ := bytes.Cut(rest, []byte("</"))
		mu.Lock()
		tokens[worker] = html.UnescapeString(string(next))
		mu.Unlock()
		return 0, nil
	}
	return l
}

// emptyLoad asks for what a server of Reference answers without looking at anything.
func emptyLoad(c *s3Client, _ S3Options) Load {
	return Load{Do: func(ctx context.Context, _, _ int) (int64, error) {
		a, err := c.do(ctx, call{method: http.MethodGet, key: EmptyKey}, false)
		return a.bytes, err
	}}
}

// deleteLoad removes objects one by one.
func deleteLoad(c *s3Client, opts S3Options) Load {
	return Load{Prepare: c.fill(opts), Limit: opts.Objects, Do: func(ctx context.Context, _, i int) (int64, error) {
		_, err := c.do(ctx, call{method: http.MethodDelete, key: c.key(i)}, false)
		return 0, err
	}}
}

// mixedLoad is seven reads to two writes and a removal, over a set of objects that stays about the same.
func mixedLoad(c *s3Client, opts S3Options) Load {
	return Load{Prepare: c.fill(opts), Clean: c.cleaner(opts), Do: func(ctx context.Context, _, i int) (int64, error) {
		key := c.key(int(scatter(i) % uint64(opts.Objects)))
		switch i % 10 {
		case 3, 7:
			return opts.Size, c.put(ctx, key, uint64(opts.Objects+i), opts.Size)
		case 9:
			// What is removed comes back by a later write; what is absent meanwhile is no failure of a read.
			if _, err := c.do(ctx, call{method: http.MethodDelete, key: key}, false); err != nil {
				return 0, err
			}
			return opts.Size, c.put(ctx, key, uint64(opts.Objects+i), opts.Size)
		}
		a, err := c.do(ctx, call{method: http.MethodGet, key: c.key(i % opts.Objects)}, false)
		if err != nil && strings.Contains(string(a.body), "NoSuchKey") {
			err = nil
		}
		return a.bytes, err
	}}
}
