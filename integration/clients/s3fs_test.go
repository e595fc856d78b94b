package clients_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/minio/minio-go/v7"
)

// visitS3fs is s3fs: the bucket as a file system, by way of S3.
func visitS3fs(v *visit) {
	if err := v.core.MakeBucket(context.Background(), v.bucket, minio.MakeBucketOptions{}); err != nil {
		v.t.Fatal(err)
	}
	v.lacks(create, "s3fs mounts buckets that exist")
	dir, many := v.s.S3fs(v.door, v.bucket), v.s.S3fs(v.door, v.many)
	in := func(name string) string { return filepath.Join(dir, name) }
	copyFile := func(from, to string) { v.t.Helper(); v.s.Quiet(v.s.Command("cp", from, to)) }
	v.row(putSmall, func() {
		v.s.Quiet(v.s.Command("mkdir", in("in it")))
		copyFile(v.small, in("in it/small"))
		v.stored("in it/small", v.small)
	})
	v.row(putLarge, func() {
		copyFile(v.large, in("large"))
		v.stored("large", v.large)
	})
	v.row(get, func() {
		for name, path := range map[string]string{"in it/small": v.small, "large": v.large} {
			copyFile(in(name), v.path("back"))
			v.same(path, v.path("back"))
		}
	})
	v.row(ranged, func() { v.equal("piece", v.piece(in("large"), 1000000, 100), v.piece(v.large, 1000000, 100)) })
	v.row(list, func() {
		n := 0
		for d := range manyDirs {
			n += len(must(os.ReadDir(filepath.Join(many, fmt.Sprintf("d%02d", d))))(v))
		}
		v.equal("number of files", fmt.Sprint(n), fmt.Sprint(manyDirs*manyFiles))
	})
	v.row(copied, func() {
		copyFile(in("in it/small"), in("copy"))
		v.stored("copy", v.small)
		v.s.Quiet(v.s.Command("mv", in("copy"), in("moved")))
		v.stored("moved", v.small)
	})
	v.row(multipart, func() {
		// For a change in the middle s3fs uploads that part and copies the others; then it is taken back.
		f := must(os.OpenFile(in("large"), os.O_RDWR, 0))(v)
		defer f.Close()
		for _, text := range []string{"changed", v.piece(v.large, 50<<20, 7)} {
			must(f.WriteAt([]byte(text), 50<<20))(v)
			if err := f.Sync(); err != nil {
				v.t.Fatal(err)
			}
			v.equal("changed", fmt.Sprint(v.hash("large") == v.hashes[v.large]), fmt.Sprint(text != "changed"))
		}
	})
	v.row(metadata, func() {
		v.s.Quiet(v.s.Command("chmod", "0640", in("moved")))
		v.s.Quiet(v.s.Command("touch", "-d", "2020-02-02 02:02:02 UTC", in("moved")))
		info := v.stored("moved", v.small)
		v.equal("mode and time", info.UserMetadata["Mode"]+" "+info.UserMetadata["Mtime"], "33184 1580608922")
	})
	v.lacks(versions, "a file system has none")
	v.lacks(conditional, "a file system has none")
	v.lacks(presigned, "a file system has none")
	v.row(deleteMany, func() {
		v.s.Quiet(v.s.Command("rm", "-r", filepath.Join(many, "d00")))
		v.equal("keys left", fmt.Sprint(v.left(v.many)), fmt.Sprint((manyDirs-1)*manyFiles))
	})
	v.lacks(drop, "s3fs deletes no buckets")
}
