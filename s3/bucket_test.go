package s3_test

import (
	"context"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/s3"
)

type bucketsAnswer struct {
	Buckets struct {
		Bucket []struct{ Name, CreationDate string }
	}
	Owner             struct{ ID, DisplayName string }
	ContinuationToken string
}

func (a bucketsAnswer) names() string {
	var names []string
	for _, b := range a.Buckets.Bucket {
		names = append(names, b.Name)
	}
	return strings.Join(names, " ")
}

func TestBuckets(t *testing.T) {
	s := newServer(t)
	s.want(200, "", "PUT", "/images", "")
	s.want(200, "", "PUT", "/dev.images", "")
	s.want(200, "", "PUT", "/dev.fresh", `<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>`)
	s.want(200, "", "PUT", "/slash/", "")
	if _, err := s.store.CreateRepo(context.Background(), "My_Repo", pfs.Owner{}, pfs.By{}); err != nil {
		t.Fatal(err)
	}
	head := s.put("/images/k", "x")
	for path, code := range map[string]string{
		"/images": "BucketAlreadyOwnedByYou", "/master.images": "BucketAlreadyOwnedByYou", "/My_Repo": "BucketAlreadyOwnedByYou",
		"/" + head + ".images": "BucketAlreadyOwnedByYou",
	} {
		s.want(409, code, "PUT", path, "")
	}
	for _, path := range []string{"/a..b", "/-ab", "/ab-", "/_a", "/a.b.c", "/1.2.3.4",
		"/" + strings.Repeat("a", 64), "/" + strings.Repeat("0", 32) + ".images", "/" + strings.Repeat("0", 32), "/da%20ta", "/data~1"} {
		a := s.want(400, "InvalidBucketName", "PUT", path, "")
		if !strings.Contains(a.body, "1 to 63 letters, digits, &#39;_&#39; and &#39;-&#39;") {
			t.Errorf("%s: the rule is not in %s", path, a.body)
		}
	}
	for _, path := range []string{"/ab", "/New_Repo", "/Upper", "/Dev_1.ab"} {
		s.want(200, "", "PUT", path, "")
		s.want(204, "", "DELETE", path, "")
	}
	s.want(400, "MalformedXML", "PUT", "/new-bucket", "<not xml")
	s.want(501, "NotImplemented", "PUT", "/new-bucket", "", "x-amz-bucket-object-lock-enabled", "true")
	s.want(400, "InvalidTag", "PUT", "/new-bucket", "<CreateBucketConfiguration><Tags><Tag><Key>{</Key><Value>b</Value></Tag>"+
		"</Tags></CreateBucketConfiguration>")
	s.want(404, "NoSuchBucket", "HEAD", "/new-bucket", "")
	got := decode[bucketsAnswer](t, s.want(200, "", "GET", "/", ""))
	if want := "dev.fresh dev.images images master.My_Repo master.data slash"; got.names() != want {
		t.Errorf("buckets %q", got.names())
	}
	if got.Owner.DisplayName != "pfsd" || got.Owner.ID != strings.Repeat("0", 64) {
		t.Errorf("owner %+v", got.Owner)
	}
	got = decode[bucketsAnswer](t, s.want(200, "", "GET", "/?max-buckets=2&prefix=", ""))
	rest := decode[bucketsAnswer](t, s.want(200, "", "GET", "/?continuation-token="+got.ContinuationToken, ""))
	if all := got.names() + " " + rest.names(); all != "dev.fresh dev.images images master.My_Repo master.data slash" {
		t.Errorf("pages %q", all)
	}
	s.want(400, "InvalidArgument", "GET", "/?max-buckets=0", "")
	s.want(400, "InvalidArgument", "GET", "/?max-buckets=10001", "")
	s.want(400, "InvalidArgument", "GET", "/?continuation-token=!", "")
	for query, want := range map[string]string{"prefix=dev.": "dev.fresh dev.images", "bucket-region=us-east-1&prefix=sl": "slash",
		"bucket-region=eu-west-1": ""} {
		if got := decode[bucketsAnswer](t, s.want(200, "", "GET", "/?"+query, "")); got.names() != want {
			t.Errorf("%s: buckets %q", query, got.names())
		}
	}
	for _, path := range []string{"/images", "/master.images", "/" + head + ".images", "/dev.fresh/"} {
		s.want(200, "", "HEAD", path, "")
	}
	s.want(404, "", "HEAD", "/missing", "")
	s.want(405, "MethodNotAllowed", "DELETE", "/"+head+".images", "")
	s.want(204, "", "DELETE", "/images", "")
	s.want(404, "NoSuchBucket", "DELETE", "/images", "")
	s.want(404, "NoSuchBucket", "GET", "/images", "")
	s.want(200, "", "HEAD", "/dev.images", "")
	s.want(204, "", "DELETE", "/dev.images", "")
	if _, err := s.store.Branches(context.Background(), "images"); pfs.KindOf(err) != pfs.KindRepoNotFound {
		t.Errorf("the repo of the last branch: %v", err)
	}
}

// A tag and an open commit are there already, too, and are no buckets to delete. A branch that has another name now is not
// listed by its repo's name.
func TestBucketsThatAreNoBranches(t *testing.T) {
	s := newServer(t)
	ctx := context.Background()
	s.want(200, "", "PUT", "/images", "")
	s.put("/images/k", "x")
	images := pfs.BranchRef("images", "master")
	if _, err := s.store.CreateTag(ctx, pfs.BranchRef("images", "v1"), images); err != nil {
		t.Fatal(err)
	}
	open, err := s.store.StartCommit(ctx, images, pfs.By{})
	if err != nil {
		t.Fatal(err)
	}
	for _, bucket := range []string{"v1.images", open.ID.String() + ".master.images", open.Base.String() + ".images",
		open.Base.String() + ".master.images"} {
		s.want(409, "BucketAlreadyOwnedByYou", "PUT", "/"+bucket, "")
		s.want(405, "MethodNotAllowed", "DELETE", "/"+bucket, "")
		s.want(200, "", "HEAD", "/"+bucket, "")
	}
	s.want(405, "MethodNotAllowed", "PUT", "/v1.images/k", "y")
	s.put("/"+open.ID.String()+".master.images/k", "y")
	for _, path := range []string{"/a.b.c.d", "/a..b", "/da%20ta"} {
		s.want(400, "InvalidBucketName", "DELETE", path, "")
	}
	if _, err := s.store.RenameBranch(ctx, images, "main"); err != nil {
		t.Fatal(err)
	}
	if got := decode[bucketsAnswer](t, s.want(200, "", "GET", "/?prefix=", "")); got.names() != "main.images master.data" {
		t.Errorf("buckets %q", got.names())
	}
}

func TestSettings(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x")
	if a := s.want(200, "", "GET", "/data?location", ""); !strings.Contains(a.body, "LocationConstraint") {
		t.Error(a.body)
	}
	if a := s.want(200, "", "GET", "/data?versioning", ""); !strings.Contains(a.body, "<Status>Enabled</Status>") {
		t.Error(a.body)
	}
	s.want(200, "", "PUT", "/data?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	s.want(501, "NotImplemented", "PUT", "/data?versioning",
		"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>")
	for subresource, code := range map[string]string{
		"policy": "NoSuchBucketPolicy", "cors": "NoSuchCORSConfiguration", "lifecycle": "NoSuchLifecycleConfiguration",
		"encryption": "ServerSideEncryptionConfigurationNotFoundError", "object-lock": "ObjectLockConfigurationNotFoundError",
		"tagging": "NoSuchTagSet", "website": "NoSuchWebsiteConfiguration",
	} {
		s.want(404, code, "GET", "/data?"+subresource, "")
		s.want(404, "NoSuchBucket", "GET", "/missing?"+subresource, "")
	}
	for _, path := range []string{"/data?acl", "/data/k?acl", "/data?policyStatus", "/data?requestPayment",
		"/data?accelerate", "/data?notification"} {
		s.want(200, "", "GET", path, "")
	}
}

// What is not known is refused, and never taken for the plain operation.
func TestUnknownSubresources(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x")
	for _, name := range []string{"analytics", "inventory", "metrics", "intelligent-tiering", "torrent", "restore", "select",
		"retention", "legal-hold", "policy", "lifecycle", "replication", "frobnicate", "append", "renameObject"} {
		s.want(501, "NotImplemented", "PUT", "/data/k?"+name, "y")
		s.want(501, "NotImplemented", "DELETE", "/data/k?"+name, "")
		s.want(501, "NotImplemented", "DELETE", "/data?"+name, "")
		s.want(501, "NotImplemented", "PUT", "/fresh?"+name, "")
	}
	s.want(501, "NotImplemented", "PUT", "/data?uploadId=1", "")
	s.want(501, "NotImplemented", "PUT", "/data?partNumber=1", "")
	s.want(501, "NotImplemented", "DELETE", "/data?uploads", "")
	s.want(501, "NotImplemented", "POST", "/data", "")
	s.want(400, "InvalidRequest", "POST", "/data?uploads", "")
	s.want(405, "MethodNotAllowed", "DELETE", "/", "")
	s.want(405, "MethodNotAllowed", "PATCH", "/data/k", "")
	if got := s.get("/data/k?x-id=GetObject"); got != "x" {
		t.Errorf("the object is %q", got)
	}
}

func TestHeadersThatAreRefused(t *testing.T) {
	s := newServer(t)
	s.want(501, "NotImplemented", "PUT", "/data/k", "x", "x-amz-write-offset-bytes", "1")
	s.want(501, "NotImplemented", "PUT", "/data/k", "x", "x-amz-object-lock-mode", "COMPLIANCE")
	s.want(400, "AccessControlListNotSupported", "PUT", "/data/k", "x", "x-amz-acl", "public-read")
	s.want(200, "", "PUT", "/data/k", "x", "x-amz-acl", "private")
	s.want(400, "MetadataTooLarge", "PUT", "/data/k", "x", "x-amz-meta-a", strings.Repeat("a", 2049))
	s.want(400, "InvalidArgument", "PUT", "/data/k", "x", "x-amz-acl", "mine")
	s.want(400, "InvalidStorageClass", "PUT", "/data/k", "x", "x-amz-storage-class", "COLD")
	s.want(200, "", "PUT", "/data/k", "x", "x-amz-storage-class", "GLACIER")
	s.want(400, "InvalidArgument", "PUT", "/data/k", "x", "x-amz-tagging", "a=1&a=2")
	s.want(400, "InvalidArgument", "PUT", "/data/k", "x", "x-amz-tagging", "=1")
	s.want(400, "BadRequest", "PUT", "/data/k", "x", "x-amz-tagging", "a&b&c&d&e&f&g&h&i&j&k")
	for _, tags := range []string{"a%23b=1", "a=%7B1%7D", "aws:a=1", "a%00=1", "a=%FF"} {
		s.want(400, "InvalidTag", "PUT", "/data/k", "x", "x-amz-tagging", tags)
	}
	s.put("/data/k", "x", "x-amz-tagging", "a+_.:/%3D%2B-@%C3%A4=%D7%90+1")
}

func TestGuardWithoutKeys(t *testing.T) {
	s := newServer(t, func(c *s3.Config) { c.Domain = "s3.example.org" })
	s.put("/data/k", "x")
	for _, host := range []string{"localhost:9000", "127.0.0.1", "127.8.9.1:80", "[::1]:9000", "data.localhost:1",
		"s3.example.org:9000"} {
		s.want(200, "", "GET", "/data/k", "", "Host", host)
	}
	for _, host := range []string{"example.com", "10.0.0.1:9000", "localhost.example.com", "xs3.example.org",
		"127.0.0.1.nip.io"} {
		s.want(403, "AccessDenied", "GET", "/data/k", "", "Host", host)
	}
	s.want(403, "AccessDenied", "GET", "/data/k", "", "Origin", "http://localhost:8080")
	s.want(200, "", "GET", "/k", "", "Host", "master.data.s3.example.org:9000")
	s.want(200, "", "GET", "/", "", "Host", "data.s3.example.org")
	s.want(404, "NoSuchBucket", "GET", "/data/k", "", "Host", "other.s3.example.org")
}
