package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestContentHash stores the same bytes in every way that there is. The ETag is what b3sum prints, the chunks are the same
// whichever way the bytes came, and bytes that are stored already take no place a second time.
func TestContentHash(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "hash")
	door := s.S3()
	b := &hashBranch{s, door.Client(t), s.Mount("master.hash"), harness.Seed(t)}
	for _, size := range []int{0, 1, 32 << 10, 32<<10 + 1, 1 << 20, 100 << 20} {
		for _, kind := range []string{"random", "zero", "mixed"} {
			t.Run(fmt.Sprintf("%s of %d", kind, size), func(t *testing.T) { b.everyWay(t, kind, size) })
		}
	}
}

// hashBranch is a branch with both doors open.
type hashBranch struct {
	s      *harness.Store
	client *minio.Core
	mount  *harness.Mount
	seed   uint64
}

const hashBucket = "master.hash"

func (b *hashBranch) everyWay(t *testing.T, kind string, size int) {
	data := contentOf(kind, b.seed+uint64(size), size)
	name := fmt.Sprintf("%s%d/", kind, size)
	local := filepath.Join(b.s.Dir, "local")
	if err := os.WriteFile(local, data, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := b.s.B3sum(local)

	upload(t, b.client, hashBucket, name+"put", bytes.NewReader(data), int64(size))
	chunks := b.verify(t, name+"put", sum, nil)

	b.addsNothing(t, "a second PUT", func() {
		upload(t, b.client, hashBucket, name+"again", bytes.NewReader(data), int64(size))
	})
	b.verify(t, name+"again", sum, chunks)

	b.addsNothing(t, "a copy into the mount", func() { b.copyIn(t, name+"mount", data) })
	b.verify(t, name+"mount", sum, chunks)

	for _, partSize := range []int{5 << 20, 8 << 20, 7<<20 + 12345} {
		key := fmt.Sprintf("%sparts%d", name, partSize)
		order := harness.Rand(b.seed).Perm(max(1, (size+partSize-1)/partSize))
		uploadParts(t, b.client, hashBucket, key, data, partSize, order)
		b.verify(t, key, sum, chunks)
	}
	if size > 0 {
		b.overwriteOne(t, name+"mount", name+"put", data)
	}
}

// contentOf returns bytes of a kind; the mixed ones have random runs and zero runs, aligned and not.
func contentOf(kind string, seed uint64, size int) []byte {
	if kind == "zero" {
		return make([]byte, size)
	}
	data := harness.Bytes(seed, size)
	if kind == "mixed" {
		choose := harness.Rand(seed)
		for at := 0; at < size; {
			run := min(choose.IntN(600_000), size-at)
			if choose.IntN(2) == 0 {
				clear(data[at : at+run])
			}
			at += run + 1
		}
	}
	return data
}

// copyIn writes a file in pieces of odd size.
func (b *hashBranch) copyIn(t *testing.T, name string, data []byte) {
	t.Helper()
	f, err := os.Create(b.mount.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	for piece := range slices.Chunk(data, 100_003) {
		if _, err := f.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// overwriteOne changes one byte in the middle through the mount; PUT of the changed bytes makes the same file.
func (b *hashBranch) overwriteOne(t *testing.T, mounted, put string, data []byte) {
	t.Helper()
	middle := len(data) / 2
	data[middle] ^= 0xff
	f, err := os.OpenFile(b.mount.Path(mounted), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(data[middle:middle+1], int64(middle)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	sum := b.s.B3sum(b.mount.Path(mounted))
	chunks := b.verify(t, mounted, sum, nil)
	upload(t, b.client, hashBucket, put, bytes.NewReader(data), int64(len(data)))
	b.verify(t, put, sum, chunks)
}

// chunk is a piece of a file, as `pfsd stat --json` has it.
type chunk struct {
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	Hash   string `json:"hash"`
	Hole   bool   `json:"hole"`
}

// verify compares the hash of a file by S3, by its bytes in the mount and by the command line, and its chunks with those
// wanted, if any; it returns the chunks.
func (b *hashBranch) verify(t *testing.T, key, sum string, want []chunk) []chunk {
	t.Helper()
	if got := etag(t, b.client, hashBucket, key); got != sum {
		t.Errorf("%s: ETag %s, b3sum %s", key, got, sum)
	}
	if got := b.s.B3sum(b.mount.Path(key)); got != sum {
		t.Errorf("%s: b3sum in the mount %s, want %s", key, got, sum)
	}
	var stat struct {
		ETag   string  `json:"etag"`
		Chunks []chunk `json:"chunks"`
	}
	b.s.PfsdJSON(&stat, "stat", "--json", hashBucket+":/"+key)
	if stat.ETag != sum {
		t.Errorf("%s: pfsd stat says %s, b3sum %s", key, stat.ETag, sum)
	}
	if want != nil && !slices.Equal(stat.Chunks, want) {
		t.Errorf("%s: other chunks than by PUT: %d and %d", key, len(stat.Chunks), len(want))
	}
	if stat.Chunks == nil {
		return []chunk{}
	}
	return stat.Chunks
}

// addsNothing fails the test when what do stores takes place in the packs.
func (b *hashBranch) addsNothing(t *testing.T, what string, do func()) {
	t.Helper()
	before := b.s.DiskUsage("packs")
	do()
	if after := b.s.DiskUsage("packs"); after != before {
		t.Errorf("%s of the same bytes added %d bytes to the packs", what, after-before)
	}
}
