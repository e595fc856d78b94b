package clients_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// visitSDKGo is aws-sdk-go-v2.
func visitSDKGo(v *visit) {
	g := newSDKTour(v)
	bucket := &v.bucket
	v.row(create, func() { must(g.c.CreateBucket(g.ctx, &s3.CreateBucketInput{Bucket: bucket}))(v) })
	v.row(putSmall, func() {
		f := must(os.Open(v.small))(v)
		defer f.Close()
		must(g.c.PutObject(g.ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("in it/small"), Body: f,
			Metadata: map[string]string{"who": "ann"}}))(v)
		v.stored("in it/small", v.small)
	})
	v.row(putLarge, func() {
		f := must(os.Open(v.large))(v)
		defer f.Close()
		must(g.c.PutObject(g.ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("large"), Body: f}))(v)
		v.stored("large", v.large)
	})
	v.row(get, func() {
		for key, path := range map[string]string{"in it/small": v.small, "large": v.large} {
			g.save(key, v.path("back"))
			v.same(path, v.path("back"))
		}
	})
	v.row(ranged, func() {
		v.equal("piece", g.read(&s3.GetObjectInput{Key: aws.String("large"), Range: aws.String("bytes=1000-1999")}),
			v.piece(v.large, 1000, 1000))
	})
	v.row(list, g.list)
	v.row(copied, func() {
		must(g.c.CopyObject(g.ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"),
			CopySource: aws.String(v.bucket + "/in%20it/small")}))(v)
		v.stored("copy", v.small)
	})
	v.row(multipart, g.multipart)
	v.row(metadata, func() {
		head := must(g.c.HeadObject(g.ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("copy")}))(v)
		v.equal("metadata", head.Metadata["who"], "ann")
		set := []types.Tag{{Key: aws.String("colour"), Value: aws.String("dark blue")}}
		must(g.c.PutObjectTagging(g.ctx, &s3.PutObjectTaggingInput{Bucket: bucket, Key: aws.String("copy"),
			Tagging: &types.Tagging{TagSet: set}}))(v)
		back := must(g.c.GetObjectTagging(g.ctx, &s3.GetObjectTaggingInput{Bucket: bucket, Key: aws.String("copy")}))(v).TagSet
		v.equal("tags", fmt.Sprintf("%d %s %s", len(back), *back[0].Key, *back[0].Value), "1 colour dark blue")
	})
	v.row(versions, g.versions)
	v.row(conditional, func() {
		g.put("once", "one", aws.String("*"))
		_, err := g.c.PutObject(g.ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("once"),
			Body: strings.NewReader("two"), IfNoneMatch: aws.String("*")})
		v.equal("again", codeOf(err), "PreconditionFailed")
		v.equal("object", g.read(&s3.GetObjectInput{Key: aws.String("once")}), "one")
	})
	v.row(presigned, func() {
		signer := s3.NewPresignClient(g.c)
		put := must(signer.PresignPutObject(g.ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("pre signed")}))(v)
		v.fetchURL(put.Method, put.URL, "signed")
		get := must(signer.PresignGetObject(g.ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("pre signed")}))(v)
		v.equal("presigned", v.fetchURL(get.Method, get.URL, ""), "signed")
	})
	v.row(deleteMany, g.deleteMany)
	v.row(drop, func() {
		must(g.c.DeleteBucket(g.ctx, &s3.DeleteBucketInput{Bucket: bucket}))(v)
		v.gone(v.bucket)
	})
}

// sdkTour is a visit with the client.
type sdkTour struct {
	*visit
	c   *s3.Client
	ctx context.Context
}

func newSDKTour(v *visit) *sdkTour {
	v.t.Helper()
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: v.door.Key, SecretAccessKey: v.door.Secret}, nil
	})
	client := s3.New(s3.Options{BaseEndpoint: &v.door.URL, Region: "us-east-1", UsePathStyle: true, Credentials: keys,
		HTTPClient: &http.Client{Transport: v.door.Transport(v.t)}})
	return &sdkTour{v, client, context.Background()}
}

// read returns an object of the bucket.
func (g *sdkTour) read(in *s3.GetObjectInput) string {
	g.t.Helper()
	in.Bucket = &g.bucket
	body := must(g.c.GetObject(g.ctx, in))(g.visit).Body
	defer body.Close()
	return string(must(io.ReadAll(body))(g.visit))
}

// save stores an object in a file.
func (g *sdkTour) save(key, path string) {
	g.t.Helper()
	body := must(g.c.GetObject(g.ctx, &s3.GetObjectInput{Bucket: &g.bucket, Key: &key}))(g.visit).Body
	defer body.Close()
	f := must(os.Create(path))(g.visit)
	must(io.Copy(f, body))(g.visit)
	if err := f.Close(); err != nil {
		g.t.Fatal(err)
	}
}

// put stores text and returns the version.
func (g *sdkTour) put(key, text string, ifNoneMatch *string) string {
	g.t.Helper()
	out := must(g.c.PutObject(g.ctx, &s3.PutObjectInput{Bucket: &g.bucket, Key: &key, Body: strings.NewReader(text),
		IfNoneMatch: ifNoneMatch}))(g.visit)
	return aws.ToString(out.VersionId)
}

func (g *sdkTour) list() {
	g.t.Helper()
	n := 0
	for pages := s3.NewListObjectsV2Paginator(g.c, &s3.ListObjectsV2Input{Bucket: &g.many}); pages.HasMorePages(); {
		for _, o := range must(pages.NextPage(g.ctx))(g.visit).Contents {
			g.equal("key", *o.Key, fmt.Sprintf("d%02d/f%02d", n/manyFiles, n%manyFiles))
			n++
		}
	}
	g.equal("number of keys", fmt.Sprint(n), fmt.Sprint(manyDirs*manyFiles))
}

// multipart uploads parts with a checksum of the whole, and one that is copied.
func (g *sdkTour) multipart() {
	g.t.Helper()
	key := aws.String("parts")
	upload := must(g.c.CreateMultipartUpload(g.ctx, &s3.CreateMultipartUploadInput{Bucket: &g.bucket, Key: key,
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme, ChecksumType: types.ChecksumTypeFullObject}))(g.visit).UploadId
	var parts []types.CompletedPart
	const size = 5 << 20
	for offset := int64(0); offset < mediumSize; offset += size {
		piece := strings.NewReader(g.piece(g.medium, offset, int(min(size, mediumSize-offset))))
		number := aws.Int32(int32(len(parts) + 1))
		out := must(g.c.UploadPart(g.ctx, &s3.UploadPartInput{Bucket: &g.bucket, Key: key, UploadId: upload,
			PartNumber: number, Body: piece, ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme}))(g.visit)
		parts = append(parts, types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC64NVME: out.ChecksumCRC64NVME})
	}
	must(g.c.CompleteMultipartUpload(g.ctx, &s3.CompleteMultipartUploadInput{Bucket: &g.bucket, Key: key, UploadId: upload,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, MpuObjectSize: aws.Int64(mediumSize)}))(g.visit)
	g.stored("parts", g.medium)
	// The SDK verifies the checksum of what it reads.
	g.equal("size", fmt.Sprint(len(g.read(&s3.GetObjectInput{Key: key, ChecksumMode: types.ChecksumModeEnabled}))), fmt.Sprint(mediumSize))
}

func (g *sdkTour) versions() {
	g.t.Helper()
	first := g.put("v", "one", nil)
	g.put("v", "two", nil)
	g.equal("old version", g.read(&s3.GetObjectInput{Key: aws.String("v"), VersionId: &first}), "one")
	listed := must(g.c.ListObjectVersions(g.ctx, &s3.ListObjectVersionsInput{Bucket: &g.bucket, Prefix: aws.String("v")}))(g.visit)
	if len(listed.Versions) != 2 || !*listed.Versions[0].IsLatest || *listed.Versions[1].VersionId != first {
		g.t.Fatalf("versions %+v", listed.Versions)
	}
}

func (g *sdkTour) deleteMany() {
	g.t.Helper()
	var objects []types.ObjectIdentifier
	for i := range 1000 {
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(fmt.Sprintf("d%02d/f%02d", i/manyFiles, i%manyFiles))})
	}
	out := must(g.c.DeleteObjects(g.ctx, &s3.DeleteObjectsInput{Bucket: &g.many, Delete: &types.Delete{Objects: objects}}))(g.visit)
	g.equal("deleted", fmt.Sprint(len(out.Deleted), len(out.Errors)), "1000 0")
	g.equal("keys left", fmt.Sprint(g.left(g.many)), fmt.Sprint(manyDirs*manyFiles-1000))
}

// codeOf returns the S3 error code of an error; empty for another one.
func codeOf(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}
