package clients_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pfsd/integration/harness"
)

// The rows of the matrix: what every client is taken through, or says why it cannot.
const (
	create      = "create bucket"
	putSmall    = "put small"
	putLarge    = "put 100 MiB"
	get         = "get"
	ranged      = "range"
	list        = "list 2,500 keys"
	copied      = "copy"
	multipart   = "multipart"
	metadata    = "tagging or metadata"
	versions    = "versions"
	conditional = "conditional put"
	presigned   = "presigned get and put"
	deleteMany  = "delete many"
	drop        = "delete bucket"
)

var rows = []string{create, putSmall, putLarge, get, ranged, list, copied, multipart, metadata, versions, conditional,
	presigned, deleteMany, drop}

// columns are the clients.
var columns = []struct {
	name string
	tour func(*visit)
}{
	{"aws", visitAWS},
	{"boto3", visitBoto3},
	{"s3cmd", visitS3cmd},
	{"rclone", visitRclone},
	{"s3fs", visitS3fs},
	{"minio-go", visitMinio},
	{"sdk-go", visitSDKGo},
	{"sdk-js", visitSDKJS},
}

const (
	// manyDirs directories of manyFiles files are in the bucket that each client lists and deletes from.
	manyDirs, manyFiles = 25, 100
	largeSize           = 100 << 20
	mediumSize          = 12<<20 + 345
	smallSize           = 1000
)

// TestMatrix has two doors on one store, one with TLS, and takes each client through each.
func TestMatrix(t *testing.T) {
	s := harness.New(t)
	f := newFiles(t, s)
	doors := map[string]*harness.S3{
		"plain": s.KeyedS3(nil),
		"tls":   s.KeyedS3(harness.NewCertificate(t, s.Dir)),
	}
	s.Pfsd("repo", "create", "many")
	s.Pfsd("put", "-m", "2,500 keys", f.many, "many:/")
	// The doors stay until the last client is done.
	t.Run("clients", func(t *testing.T) {
		for scheme, door := range doors {
			for _, column := range columns {
				t.Run(column.name+" "+scheme, func(t *testing.T) {
					t.Parallel()
					v := &visit{t: t, s: s.In(t), door: door, core: door.Client(t), files: f, seen: map[string]bool{},
						bucket: column.name + "." + scheme, many: scheme + "-" + column.name + ".many"}
					v.s.Pfsd("branch", "create", "--from", "many", v.many)
					column.tour(v)
					v.finish()
				})
			}
		}
	})
}

// files are what the clients upload, with random bytes that all clients share.
type files struct {
	small, medium, large string
	// hashes has the BLAKE3 of each, which is its ETag.
	hashes map[string]string
	// many is a directory of the 2,500 keys.
	many string
}

func newFiles(t *testing.T, s *harness.Store) *files {
	t.Helper()
	f := &files{hashes: map[string]string{}, many: filepath.Join(s.Dir, "many")}
	seed := harness.Seed(t)
	for name, size := range map[string]int{"small.txt": smallSize, "medium.bin": mediumSize, "large.bin": largeSize} {
		path := filepath.Join(s.Dir, name)
		if err := os.WriteFile(path, harness.Bytes(seed+uint64(size), size), 0o644); err != nil {
			t.Fatal(err)
		}
		f.hashes[path] = s.B3sum(path)
	}
	f.small, f.medium, f.large = filepath.Join(s.Dir, "small.txt"), filepath.Join(s.Dir, "medium.bin"), filepath.Join(s.Dir, "large.bin")
	for d := range manyDirs {
		dir := filepath.Join(f.many, fmt.Sprintf("d%02d", d))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range manyFiles {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%02d", i)), []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return f
}
