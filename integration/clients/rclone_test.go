package clients_test

import (
	"path/filepath"
	"strings"
)

// visitRclone is rclone.
func visitRclone(v *visit) {
	rclone := func(args ...string) string {
		v.t.Helper()
		return v.s.Quiet(v.s.RcloneCommand(v.door, args...))
	}
	at := "pfsd:" + v.bucket + "/"
	v.row(create, func() { rclone("mkdir", "pfsd:"+v.bucket) })
	v.row(putSmall, func() {
		rclone("copyto", v.small, at+"in it/small.txt")
		v.stored("in it/small.txt", v.small)
	})
	v.row(putLarge, func() {
		rclone("copyto", v.large, at+"large.bin")
		v.stored("large.bin", v.large)
	})
	v.row(get, func() {
		rclone("copy", at, v.path("back"))
		v.same(v.small, v.path("back/in it/small.txt"))
		v.same(v.large, v.path("back/large.bin"))
	})
	v.row(ranged, func() {
		v.equal("piece", rclone("cat", "--offset=1000000", "--count=100", at+"large.bin"), v.piece(v.large, 1000000, 100))
	})
	v.row(list, func() {
		if n := strings.Count(rclone("lsf", "-R", "--files-only", "pfsd:"+v.many), "\n"); n != manyDirs*manyFiles {
			v.t.Fatalf("%d keys", n)
		}
	})
	v.row(copied, func() {
		rclone("copyto", at+"in it/small.txt", at+"copy.txt")
		v.stored("copy.txt", v.small)
		rclone("moveto", at+"copy.txt", at+"moved.txt")
		v.stored("moved.txt", v.small)
	})
	v.row(multipart, func() {
		rclone("copyto", "--s3-upload-cutoff=5M", v.medium, at+"medium.bin")
		v.stored("medium.bin", v.medium)
	})
	v.row(metadata, func() {
		rclone("copyto", "--metadata", "--metadata-set=who=ann", v.small, at+"meta.txt")
		v.equal("metadata", v.stored("meta.txt", v.small).UserMetadata["Who"], "ann")
		if out := rclone("lsjson", "--metadata", at+"meta.txt"); !strings.Contains(out, `"who":"ann"`) {
			v.t.Fatalf("the listing says\n%s", out)
		}
	})
	v.row(versions, func() {
		rclone("copyto", v.write("one", "one"), at+"v/v.txt")
		rclone("copyto", v.write("two", "two!"), at+"v/v.txt")
		// The old one has its time in its name.
		rclone("copy", "--s3-versions", at+"v", v.path("versions"))
		names := must(filepath.Glob(v.path("versions/v-v*.txt")))(v)
		if len(names) != 1 {
			v.t.Fatalf("old versions %q", names)
		}
		v.same(v.path("one"), names[0])
		v.same(v.path("two"), v.path("versions/v.txt"))
	})
	v.lacks(conditional, "rclone sets no such header on uploads")
	v.row(presigned, func() {
		url := strings.TrimSpace(rclone("link", "--expire=10m", at+"in it/small.txt"))
		v.equal("presigned", v.fetchURL("GET", url, ""), v.piece(v.small, 0, smallSize))
		v.t.Log("rclone presigns GET only")
	})
	v.row(deleteMany, func() {
		rclone("delete", "pfsd:"+v.many+"/d00")
		if n := v.left(v.many); n != (manyDirs-1)*manyFiles {
			v.t.Fatalf("%d keys are left", n)
		}
	})
	// Not purge, which deletes single versions.
	v.row(drop, func() { rclone("rmdir", "pfsd:"+v.bucket); v.gone(v.bucket) })
}
