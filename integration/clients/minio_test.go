package clients_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"
)

// visitMinio is minio-go.
func visitMinio(v *visit) {
	m := &minioTour{v, v.door.Client(v.t).Client, context.Background()}
	v.row(create, func() { m.ok(m.c.MakeBucket(m.ctx, v.bucket, minio.MakeBucketOptions{})) })
	v.row(putSmall, func() {
		f := must(os.Open(v.small))(v)
		defer f.Close()
		_, err := m.c.PutObject(m.ctx, v.bucket, "in it/small", f, smallSize, minio.PutObjectOptions{
			UserMetadata: map[string]string{"who": "ann"}, ContentType: "text/x-test"})
		m.ok(err)
		v.stored("in it/small", v.small)
	})
	v.row(putLarge, func() {
		_, err := m.c.FPutObject(m.ctx, v.bucket, "large", v.large, minio.PutObjectOptions{})
		m.ok(err)
		v.stored("large", v.large)
	})
	v.row(get, func() {
		for key, path := range map[string]string{"in it/small": v.small, "large": v.large} {
			m.ok(m.c.FGetObject(m.ctx, v.bucket, key, v.path("back"), minio.GetObjectOptions{}))
			v.same(path, v.path("back"))
		}
	})
	v.row(ranged, func() {
		o := minio.GetObjectOptions{}
		m.ok(o.SetRange(10, 19))
		v.equal("piece", m.read("in it/small", o), v.piece(v.small, 10, 10))
	})
	v.row(list, m.list)
	v.row(copied, func() {
		_, err := m.c.CopyObject(m.ctx, minio.CopyDestOptions{Bucket: v.bucket, Object: "copy"},
			minio.CopySrcOptions{Bucket: v.bucket, Object: "in it/small"})
		m.ok(err)
		v.stored("copy", v.small)
	})
	v.row(multipart, m.multipart)
	v.row(metadata, func() {
		v.equal("metadata", must(m.c.StatObject(m.ctx, v.bucket, "copy", minio.StatObjectOptions{}))(v).UserMetadata["Who"], "ann")
		set := must(tags.NewTags(map[string]string{"colour": "dark blue"}, true))(v)
		m.ok(m.c.PutObjectTagging(m.ctx, v.bucket, "copy", set, minio.PutObjectTaggingOptions{}))
		back := must(m.c.GetObjectTagging(m.ctx, v.bucket, "copy", minio.GetObjectTaggingOptions{}))(v)
		v.equal("tags", back.String(), set.String())
	})
	v.row(versions, m.versions)
	v.row(conditional, func() {
		o := minio.PutObjectOptions{}
		o.SetMatchETagExcept("*")
		m.put("once", "one", o)
		_, err := m.c.PutObject(m.ctx, v.bucket, "once", strings.NewReader("two"), 3, o)
		v.equal("again", minio.ToErrorResponse(err).Code, minio.PreconditionFailed)
		v.equal("object", m.read("once", minio.GetObjectOptions{}), "one")
	})
	v.row(presigned, func() {
		url := must(m.c.PresignedPutObject(m.ctx, v.bucket, "pre signed", time.Minute))(v)
		v.fetchURL("PUT", url.String(), "signed")
		url = must(m.c.PresignedGetObject(m.ctx, v.bucket, "pre signed", time.Minute, nil))(v)
		v.equal("presigned", v.fetchURL("GET", url.String(), ""), "signed")
	})
	v.row(deleteMany, m.deleteMany)
	v.row(drop, func() { m.ok(m.c.RemoveBucket(m.ctx, v.bucket)); v.gone(v.bucket) })
}

// minioTour is a visit with the client.
type minioTour struct {
	*visit
	c   *minio.Client
	ctx context.Context
}

func (m *minioTour) ok(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *minioTour) read(key string, o minio.GetObjectOptions) string {
	m.t.Helper()
	body := must(m.c.GetObject(m.ctx, m.bucket, key, o))(m.visit)
	defer body.Close()
	return string(must(io.ReadAll(body))(m.visit))
}

func (m *minioTour) put(key, text string, o minio.PutObjectOptions) minio.UploadInfo {
	m.t.Helper()
	return must(m.c.PutObject(m.ctx, m.bucket, key, strings.NewReader(text), int64(len(text)), o))(m.visit)
}

func (m *minioTour) list() {
	m.t.Helper()
	for _, o := range []minio.ListObjectsOptions{{Recursive: true}, {Recursive: true, UseV1: true}, {Recursive: true, MaxKeys: 7}} {
		n := 0
		for object := range m.c.ListObjects(m.ctx, m.many, o) {
			m.ok(object.Err)
			m.equal("key", object.Key, fmt.Sprintf("d%02d/f%02d", n/manyFiles, n%manyFiles))
			n++
		}
		m.equal("number of keys", fmt.Sprint(n), fmt.Sprint(manyDirs*manyFiles))
	}
}

// multipart uploads a stream of unknown length, and composes a file of pieces of others.
func (m *minioTour) multipart() {
	m.t.Helper()
	f := must(os.Open(m.medium))(m.visit)
	defer f.Close()
	_, err := m.c.PutObject(m.ctx, m.bucket, "medium", io.MultiReader(f), -1, minio.PutObjectOptions{PartSize: 5 << 20})
	m.ok(err)
	m.stored("medium", m.medium)
	half := int64(largeSize / 2)
	_, err = m.c.ComposeObject(m.ctx, minio.CopyDestOptions{Bucket: m.bucket, Object: "composed"},
		minio.CopySrcOptions{Bucket: m.bucket, Object: "large", MatchRange: true, Start: 0, End: half - 1},
		minio.CopySrcOptions{Bucket: m.bucket, Object: "large", MatchRange: true, Start: half, End: largeSize - 1})
	m.ok(err)
	m.stored("composed", m.large)
}

func (m *minioTour) versions() {
	m.t.Helper()
	first := m.put("v", "one", minio.PutObjectOptions{}).VersionID
	m.put("v", "two", minio.PutObjectOptions{})
	m.ok(m.c.RemoveObject(m.ctx, m.bucket, "v", minio.RemoveObjectOptions{}))
	m.equal("old version", m.read("v", minio.GetObjectOptions{VersionID: first}), "one")
	var kinds []string
	for o := range m.c.ListObjects(m.ctx, m.bucket, minio.ListObjectsOptions{Prefix: "v", WithVersions: true}) {
		m.ok(o.Err)
		kinds = append(kinds, fmt.Sprint(o.IsDeleteMarker, o.IsLatest, o.VersionID == first))
	}
	m.equal("versions", strings.Join(kinds, ", "), "true true false, false false false, false false true")
}

func (m *minioTour) deleteMany() {
	m.t.Helper()
	all := m.c.ListObjects(m.ctx, m.many, minio.ListObjectsOptions{Recursive: true})
	for failed := range m.c.RemoveObjects(m.ctx, m.many, all, minio.RemoveObjectsOptions{}) {
		m.t.Fatalf("%s: %v", failed.ObjectName, failed.Err)
	}
	m.equal("keys left", fmt.Sprint(m.left(m.many)), "0")
}

// must returns a function that returns the value, or fails the test of the visit when there is an error.
func must[T any](value T, err error) func(*visit) T {
	return func(v *visit) T {
		v.t.Helper()
		if err != nil {
			v.t.Fatal(err)
		}
		return value
	}
}
