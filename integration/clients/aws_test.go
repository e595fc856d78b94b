package clients_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// visitAWS is the AWS CLI, version 2.
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
	v.row(multipart, func() { awsParts(v, api) })
	v.row(metadata, func() {
		v.equal("metadata", api("head-object", "--key", "in it/small.txt", "--query", "Metadata.who"), "ann")
		api("put-object-tagging", "--key", "copy.txt", "--tagging", "TagSet=[{Key=colour,Value=dark blue}]")
		v.equal("tags", api("get-object-tagging", "--key", "copy.txt", "--query", "TagSet[]"), "colour\tdark blue")
	})
	v.row(versions, func() {
		aws("s3", "cp", v.write("one", "one"), at+"v")
		aws("s3", "cp", v.write("two", "two"), at+"v")
		ids := strings.Fields(api("list-object-versions", "--prefix", "v", "--query", "Versions[].VersionId"))
		if len(ids) != 2 {
			v.t.Fatalf("versions %q", ids)
		}
		api("get-object", "--key", "v", "--version-id", ids[1], v.path("old"))
		v.same(v.path("one"), v.path("old"))
	})
	v.lacks(conditional, "the AWS CLI of Debian has no option for it")
	v.row(presigned, func() {
		url := strings.TrimSpace(aws("s3", "presign", at+"in it/small.txt"))
		v.equal("presigned", v.fetchURL("GET", url, ""), v.piece(v.small, 0, smallSize))
		v.t.Log("the AWS CLI presigns GET only")
	})
	v.row(deleteMany, func() { awsDelete(v) })
	v.row(drop, func() { aws("s3", "rb", "s3://"+v.bucket); v.gone(v.bucket) })
}

// awsParts uploads in parts by hand: one of bytes, and one that is copied.
func awsParts(v *visit, api func(operation string, args ...string) string) {
	v.t.Helper()
	id := api("create-multipart-upload", "--key", "parts", "--query", "UploadId")
	upload := []string{"--key", "parts", "--upload-id", id}
	first := api("upload-part", append(upload, "--part-number", "1", "--body", v.medium, "--query", "ETag")...)
	second := api("upload-part-copy", append(upload, "--part-number", "2", "--copy-source", v.bucket+"/large.bin",
		"--copy-source-range", "bytes=0-999", "--query", "CopyPartResult.ETag")...)
	parts := fmt.Sprintf(`Parts=[{PartNumber=1,ETag=%s},{PartNumber=2,ETag=%s}]`, first, second)
	api("complete-multipart-upload", append(upload, "--multipart-upload", parts)...)
	v.equal("size", api("head-object", "--key", "parts", "--query", "ContentLength"), fmt.Sprint(mediumSize+1000))
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
