package clients_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// visitAWS is the AWS CLI, of version 1 or 2. Each command takes a second to start, so there are no more than needed.
func visitAWS(v *visit) {
	aws := func(args ...string) string {
		v.t.Helper()
		return v.s.Quiet(v.s.AWSCommand(v.door, args...))
	}
	api := func(operation string, args ...string) string {
		v.t.Helper()
		return strings.TrimSpace(aws(append([]string{"s3api", operation, "--output", "text", "--bucket", v.bucket}, args...)...))
	}
	at := "s3://" + v.bucket + "/"
	v.row(create, func() { aws("s3", "mb", "s3://"+v.bucket) })
	v.row(putSmall, func() {
		aws("s3", "cp", "--metadata", "who=ann", v.small, at+"in it/small.txt")
		v.stored("in it/small.txt", v.small)
	})
	v.row(putLarge, func() {
		aws("s3", "cp", "--no-progress", v.large, at+"large.bin")
		v.stored("large.bin", v.large)
	})
	v.row(get, func() {
		aws("s3", "cp", "--no-progress", at, v.path("back"), "--recursive")
		v.same(v.small, v.path("back/in it/small.txt"))
		v.same(v.large, v.path("back/large.bin"))
	})
	v.row(ranged, func() {
		api("get-object", "--key", "large.bin", "--range", "bytes=1000000-1000099", v.path("piece"))
		v.same(v.write("want", v.piece(v.large, 1000000, 100)), v.path("piece"))
	})
	v.row(list, func() {
		if n := strings.Count(aws("s3", "ls", "--recursive", "s3://"+v.many), "\n"); n != manyDirs*manyFiles {
			v.t.Fatalf("%d keys", n)
		}
	})
	v.row(copied, func() {
		aws("s3", "cp", at+"in it/small.txt", at+"copy.txt")
		info := v.stored("copy.txt", v.small)
		v.equal("metadata", info.UserMetadata["Who"], "ann")
	})
	v.row(multipart, func() {
		aws("s3", "cp", "--no-progress", at+"large.bin", at+"large copy.bin")
		v.stored("large copy.bin", v.large)
	})
	v.row(metadata, func() {
		api("put-object-tagging", "--key", "copy.txt", "--tagging", "TagSet=[{Key=colour,Value=dark blue}]")
		v.equal("tags", api("get-object-tagging", "--key", "copy.txt", "--query", "TagSet[]"), "colour\tdark blue")
	})
	v.row(versions, func() {
		aws("s3", "cp", v.write("two", "two"), at+"copy.txt")
		ids := strings.Fields(api("list-object-versions", "--prefix", "copy.txt", "--query", "Versions[].VersionId"))
		// The tags made a version, too.
		if len(ids) != 3 {
			v.t.Fatalf("versions %q", ids)
		}
		api("get-object", "--key", "copy.txt", "--version-id", ids[2], v.path("old"))
		v.same(v.small, v.path("old"))
	})
	v.row(conditional, func() {
		r := v.s.Result(v.s.AWSCommand(v.door, "s3api", "put-object", "--bucket", v.bucket, "--key", "copy.txt",
			"--if-none-match", "*", "--body", v.small))
		switch {
		case strings.Contains(r.Stderr, "Unknown options"):
			v.t.Log("this AWS CLI is too old to have an option for it")
		case r.Code == 0 || !strings.Contains(r.Stderr, "PreconditionFailed"):
			v.t.Fatalf("put over an object: exit code %d\n%s", r.Code, r.Stderr)
		}
	})
	v.row(presigned, func() {
		url := strings.TrimSpace(aws("s3", "presign", at+"in it/small.txt"))
		v.equal("presigned", v.fetchURL("GET", url, ""), v.piece(v.small, 0, smallSize))
		v.t.Log("the AWS CLI presigns GET only")
	})
	v.row(deleteMany, func() { awsDelete(v) })
	v.row(drop, func() { aws("s3", "rb", "s3://"+v.bucket); v.gone(v.bucket) })
}

// awsDelete deletes 1,000 keys in one request.
func awsDelete(v *visit) {
	v.t.Helper()
	type object struct{ Key string }
	var request struct {
		Objects []object
		Quiet   bool
	}
	request.Quiet = true
	for i := range 1000 {
		request.Objects = append(request.Objects, object{fmt.Sprintf("d%02d/f%02d", i/manyFiles, i%manyFiles)})
	}
	text, err := json.Marshal(request)
	if err != nil {
		v.t.Fatal(err)
	}
	path := v.write("delete.json", string(text))
	v.equal("answer", v.s.Quiet(v.s.AWSCommand(v.door, "s3api", "delete-objects", "--bucket", v.many, "--delete", "file://"+path)), "")
	if n := v.left(v.many); n != manyDirs*manyFiles-1000 {
		v.t.Fatalf("%d keys are left", n)
	}
}
