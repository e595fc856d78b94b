package s3_test

import (
	"context"
	"strings"
	"testing"

	"pfsd/pfs"
)

// An open commit is a bucket that can be written to, and that the branch does not show before it is finished.
func TestOpenCommit(t *testing.T) {
	s := newServer(t)
	ctx := context.Background()
	branch := pfs.BranchRef("data", "master")
	open, err := s.store.StartCommit(ctx, branch, pfs.By{Origin: pfs.OriginCLI})
	if err != nil {
		t.Fatal(err)
	}
	bucket := "/" + open.ID.String() + ".master.data"
	if version := s.put(bucket+"/k", "inside"); version != "" {
		t.Errorf("version %s before there is a commit", version)
	}
	copied := s.want(200, "", "PUT", bucket+"/copy", "", "x-amz-copy-source", bucket+"/k")
	if copied.Header.Get("X-Amz-Version-Id") != "" || strings.Contains(copied.body, "<LastModified>0001-") {
		t.Errorf("copy: %v %s", copied.Header, copied.body)
	}
	if got := s.get(bucket + "/k"); got != "inside" {
		t.Errorf("in the open commit: %q", got)
	}
	s.want(404, "NoSuchKey", "GET", "/data/k", "")
	s.want(409, "BucketAlreadyOwnedByYou", "PUT", bucket, "")
	s.want(200, "", "HEAD", bucket, "")
	id := s.create(bucket + "/parts")
	etag := s.part(bucket+"/parts", id, 1, "part")
	s.want(200, "", "POST", bucket+"/parts?uploadId="+id, completion(etag))
	s.want(405, "MethodNotAllowed", "DELETE", bucket, "")
	ref := pfs.Ref{Repo: "data", Name: "master", Commit: open.ID}
	if _, err := s.store.FinishCommit(ctx, ref, pfs.By{Origin: pfs.OriginCLI}, pfs.ResolveNone); err != nil {
		t.Fatal(err)
	}
	if got := s.get("/data/k"); got != "inside" {
		t.Errorf("in the branch: %q", got)
	}
	s.want(405, "MethodNotAllowed", "PUT", bucket+"/k", "x")
}
