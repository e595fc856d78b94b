package clients_test

import (
	"strings"
)

// visitS3cmd is s3cmd.
func visitS3cmd(v *visit) {
	s3cmd := func(args ...string) string {
		v.t.Helper()
		return v.s.Quiet(v.s.S3cmdCommand(v.door, args...))
	}
	at := "s3://" + v.bucket + "/"
	v.row(create, func() { s3cmd("mb", "s3://"+v.bucket) })
	v.row(putSmall, func() {
		s3cmd("put", "--add-header=x-amz-meta-who:ann", v.small, at+"in it/small.txt")
		v.stored("in it/small.txt", v.small)
	})
	v.row(putLarge, func() {
		s3cmd("put", v.large, at+"large.bin")
		v.stored("large.bin", v.large)
	})
	v.row(get, func() {
		s3cmd("get", at+"in it/small.txt", v.path("small"))
		v.same(v.small, v.path("small"))
		s3cmd("get", at+"large.bin", v.path("large"))
		v.same(v.large, v.path("large"))
	})
	v.row(ranged, func() {
		begun := v.write("begun", v.piece(v.small, 0, 300))
		s3cmd("get", "--continue", at+"in it/small.txt", begun)
		v.same(v.small, begun)
	})
	v.row(list, func() {
		if n := strings.Count(s3cmd("ls", "--recursive", "s3://"+v.many), "\n"); n != manyDirs*manyFiles {
			v.t.Fatalf("%d keys", n)
		}
	})
	v.row(copied, func() {
		s3cmd("cp", at+"in it/small.txt", at+"copy.txt")
		v.equal("metadata", v.stored("copy.txt", v.small).UserMetadata["Who"], "ann")
		s3cmd("mv", at+"copy.txt", at+"moved.txt")
		v.stored("moved.txt", v.small)
	})
	v.row(multipart, func() {
		s3cmd("put", "--multipart-chunk-size-mb=5", v.medium, at+"medium.bin")
		v.stored("medium.bin", v.medium)
		v.equal("uploads", strings.TrimSpace(s3cmd("multipart", "s3://"+v.bucket)), at+"\nInitiated\tPath\tId")
	})
	v.row(metadata, func() {
		s3cmd("modify", "--add-header=x-amz-meta-mood:calm", at+"moved.txt")
		info := v.stored("moved.txt", v.small)
		v.equal("metadata", info.UserMetadata["Who"]+" "+info.UserMetadata["Mood"], "ann calm")
		if out := s3cmd("info", at+"moved.txt"); !strings.Contains(out, "x-amz-meta-mood: calm") {
			v.t.Fatalf("info says\n%s", out)
		}
	})
	v.lacks(versions, "s3cmd knows nothing of versions")
	v.row(conditional, func() {
		once := []string{"put", "--add-header=If-None-Match:*", v.small, at + "once"}
		s3cmd(once...)
		r := v.s.Result(v.s.S3cmdCommand(v.door, once...))
		if r.Code == 0 || !strings.Contains(r.Stderr, "412") {
			v.t.Fatalf("again: exit code %d\n%s", r.Code, r.Stderr)
		}
	})
	v.row(presigned, func() {
		url := strings.TrimSpace(s3cmd("signurl", at+"in it/small.txt", "+600"))
		v.equal("presigned", v.fetchURL("GET", url, ""), v.piece(v.small, 0, smallSize))
		v.t.Log("s3cmd presigns GET only")
	})
	v.row(deleteMany, func() {
		s3cmd("del", "--recursive", "--force", "s3://"+v.many)
		if n := v.left(v.many); n != 0 {
			v.t.Fatalf("%d keys are left", n)
		}
	})
	v.row(drop, func() { s3cmd("rb", "--recursive", "--force", "s3://"+v.bucket); v.gone(v.bucket) })
}
