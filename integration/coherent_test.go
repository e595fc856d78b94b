package integration_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestCoherentDoors changes one branch through the two doors in turn, at random, and looks at each change through the
// other door at once: no answer may be stale, though the kernel's caches are warm. Then it shows that they are on.
func TestCoherentDoors(t *testing.T) {
	s := harness.New(t)
	c := newCoherence(t, s, harness.Seed(t))
	for i := range 1000 {
		if i%2 == 0 {
			c.changeByS3()
		} else {
			c.changeByMount()
		}
		if i%100 == 99 {
			c.compareAll()
		}
		if t.Failed() {
			t.Fatalf("after %d operations; the last ones:\n%s", i+1, strings.Join(c.last, "\n"))
		}
	}
	c.showCaches(s)
}

// coherence is a branch with a door on each side, and a model of what must be in it.
type coherence struct {
	t      *testing.T
	client *minio.Core
	mount  *harness.Mount
	rand   *rand.Rand
	model  *branchModel
	last   []string
}

const coherentBucket = "master.both"

func newCoherence(t *testing.T, s *harness.Store, seed uint64) *coherence {
	s.Pfsd("repo", "create", "both")
	door := s.S3()
	return &coherence{t: t, client: door.Client(t), mount: s.Mount(coherentBucket), rand: harness.Rand(seed),
		model: newBranchModel()}
}

// note keeps the last operations for a report.
func (c *coherence) note(format string, args ...any) {
	c.last = append(c.last, fmt.Sprintf(format, args...))
	c.last = c.last[max(0, len(c.last)-8):]
}

// anyPath returns a path that may be in use: of few names, so that operations meet.
func (c *coherence) anyPath() string {
	name := string(rune('a' + c.rand.IntN(8)))
	for range c.rand.IntN(3) {
		name = string(rune('P'+c.rand.IntN(3))) + "/" + name
	}
	return name
}

func (c *coherence) anyBytes() []byte {
	sizes := []int{0, 1, 100, 5000, 40_000, 200_000}
	return harness.Bytes(c.rand.Uint64(), sizes[c.rand.IntN(len(sizes))])
}

// aFile returns a file that is there, or "" when none is.
func (c *coherence) aFile() string {
	if len(c.model.files) == 0 {
		return ""
	}
	return sorted(c.model.files)[c.rand.IntN(len(c.model.files))]
}

// ---- S3 changes, the mount looks ----

func (c *coherence) changeByS3() {
	c.t.Helper()
	ctx, at := context.Background(), c.anyPath()
	c.look(at)
	switch from := c.aFile(); {
	case c.rand.IntN(3) == 0 && from != "":
		c.look(from)
		c.note("S3 DELETE %s", from)
		at = from
		if err := c.client.RemoveObject(ctx, coherentBucket, from, minio.RemoveObjectOptions{}); err != nil {
			c.t.Errorf("DELETE %s: %v", from, err)
		}
		c.model.remove(from)
	case c.rand.IntN(3) == 0 && from != "" && from != at:
		c.note("S3 COPY %s to %s", from, at)
		_, err := c.client.CopyObject(ctx, coherentBucket, from, coherentBucket, at, nil,
			minio.CopySrcOptions{Bucket: coherentBucket, Object: from}, minio.PutObjectOptions{})
		if err != nil {
			c.t.Errorf("COPY %s to %s: %v", from, at, err)
		}
		c.model.put(at, c.model.files[from])
	default:
		data := c.anyBytes()
		c.note("S3 PUT %s, %d bytes", at, len(data))
		if err := storeS3(c.client, coherentBucket, at, data); err != nil {
			c.t.Errorf("PUT %s: %v", at, err)
		}
		c.model.put(at, data)
	}
	c.checkByMount(at)
}

// look warms the kernel's caches: the name, the attributes, the bytes and the listing.
func (c *coherence) look(at string) {
	_, _ = os.ReadFile(c.mount.Path(at))
	_, _ = os.Stat(c.mount.Path(at))
	_, _ = os.ReadDir(c.mount.Path(parent(at)))
}

func (c *coherence) checkByMount(at string) {
	c.t.Helper()
	got, err := os.ReadFile(c.mount.Path(at))
	want, found := c.model.files[at]
	switch {
	case found && err != nil:
		c.t.Errorf("the mount does not have %s: %v", at, err)
	case found && !bytes.Equal(got, want):
		c.t.Errorf("the mount has other bytes at %s: %d instead of %d", at, len(got), len(want))
	case !found && !errors.Is(err, fs.ErrNotExist):
		c.t.Errorf("the mount still has %s: %d bytes, %v", at, len(got), err)
	}
	if found {
		info, err := os.Stat(c.mount.Path(at))
		if err != nil || info.Size() != int64(len(want)) {
			c.t.Errorf("stat of %s: %v, %v, want %d bytes", at, info, err, len(want))
		}
	}
	c.checkListing(parent(at))
}

func (c *coherence) checkListing(dir string) {
	c.t.Helper()
	if _, found := c.model.dirs[dir]; !found {
		if _, err := os.Stat(c.mount.Path(dir)); !errors.Is(err, fs.ErrNotExist) {
			c.t.Errorf("the mount still has the implicit directory %s: %v", dir, err)
		}
		return
	}
	entries, err := os.ReadDir(c.mount.Path(dir))
	if err != nil {
		c.t.Errorf("the mount does not list %q: %v", dir, err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want := c.model.children(dir); !slices.Equal(got, want) {
		c.t.Errorf("the mount lists %q as %q, want %q", dir, got, want)
	}
}

// ---- the mount changes, S3 looks ----

func (c *coherence) changeByMount() {
	c.t.Helper()
	switch c.rand.IntN(6) {
	case 0:
		c.mkdir(parent(c.anyPath()))
	case 1:
		c.unlink(c.aFile())
	case 2:
		c.renameFile(c.aFile(), c.anyPath())
	case 3:
		c.renameDir()
	default:
		c.write(c.anyPath(), c.anyBytes())
	}
}

// mkdir makes dir and those above it, where missing.
func (c *coherence) mkdir(dir string) {
	c.t.Helper()
	if dir == "" {
		return
	}
	c.note("mount mkdir -p %s", dir)
	if err := os.MkdirAll(c.mount.Path(dir), 0o755); err != nil {
		c.t.Errorf("mkdir -p %s: %v", dir, err)
	}
	c.model.makeDirs(dir)
	if _, err := c.client.StatObject(context.Background(), coherentBucket, dir+"/", minio.StatObjectOptions{}); err != nil {
		c.t.Errorf("S3 does not have %s/ after mkdir: %v", dir, err)
	}
}

func (c *coherence) write(at string, data []byte) {
	c.t.Helper()
	c.mkdir(parent(at))
	c.note("mount write %s, %d bytes", at, len(data))
	if err := os.WriteFile(c.mount.Path(at), data, 0o644); err != nil {
		c.t.Errorf("write %s: %v", at, err)
	}
	c.model.write(at, data)
	c.checkByS3(at)
}

func (c *coherence) unlink(at string) {
	c.t.Helper()
	if at == "" {
		return
	}
	c.note("mount unlink %s", at)
	if err := os.Remove(c.mount.Path(at)); err != nil {
		c.t.Errorf("unlink %s: %v", at, err)
	}
	c.model.unlink(at)
	c.checkByS3(at)
}

func (c *coherence) renameFile(from, to string) {
	c.t.Helper()
	if from == "" || from == to {
		return
	}
	c.mkdir(parent(to))
	c.note("mount rename %s to %s", from, to)
	if err := os.Rename(c.mount.Path(from), c.mount.Path(to)); err != nil {
		c.t.Errorf("rename %s to %s: %v", from, to, err)
	}
	data := c.model.files[from]
	c.model.unlink(from)
	c.model.unlink(to)
	c.model.write(to, data)
	c.checkByS3(from)
	c.checkByS3(to)
}

// renameDir gives a directory of the top another name there, or one that has it its old name.
func (c *coherence) renameDir() {
	c.t.Helper()
	from, to := string(rune('P'+c.rand.IntN(3))), string(rune('X'+c.rand.IntN(2)))
	_, hasFrom := c.model.dirs[from]
	_, hasTo := c.model.dirs[to]
	if hasFrom == hasTo {
		return
	}
	if hasTo {
		from, to = to, from
	}
	c.note("mount rename directory %s to %s", from, to)
	if err := os.Rename(c.mount.Path(from), c.mount.Path(to)); err != nil {
		c.t.Errorf("rename directory %s to %s: %v", from, to, err)
	}
	c.model.moveDir(from, to)
	for _, dir := range []string{from, to} {
		if got, want := keys(c.t, c.client, coherentBucket, dir+"/"), c.model.below(dir+"/"); !slices.Equal(got, want) {
			c.t.Errorf("S3 lists %s/ as %q, want %q", dir, got, want)
		}
	}
}

func (c *coherence) checkByS3(at string) {
	c.t.Helper()
	got, err := tryFetch(c.client, coherentBucket, at, "")
	want, found := c.model.files[at]
	switch {
	case found && err != nil:
		c.t.Errorf("S3 does not have %s: %v", at, err)
	case found && !bytes.Equal(got, want):
		c.t.Errorf("S3 has other bytes at %s: %d instead of %d", at, len(got), len(want))
	case !found && minio.ToErrorResponse(err).Code != "NoSuchKey":
		c.t.Errorf("S3 still has %s: %d bytes, %v", at, len(got), err)
	}
	listed := slices.Contains(keys(c.t, c.client, coherentBucket, at), at)
	if listed != found {
		c.t.Errorf("S3 lists %s: %v, want %v", at, listed, found)
	}
}

// compareAll compares both doors with the model, whole.
func (c *coherence) compareAll() {
	c.t.Helper()
	if got, want := keys(c.t, c.client, coherentBucket, ""), sorted(c.model.files); !slices.Equal(got, want) {
		c.t.Errorf("S3 lists %q, want %q", got, want)
	}
	for _, dir := range sorted(c.model.dirs) {
		c.checkListing(dir)
	}
	for _, at := range sorted(c.model.files) {
		c.checkByMount(at)
	}
}

// ---- the caches are on ----

// showCaches counts the requests that the kernel makes for what it has in its caches.
func (c *coherence) showCaches(s *harness.Store) {
	c.t.Helper()
	const size = 64 << 20
	upload(c.t, c.client, coherentBucket, "large", harness.Noise(1, size), size)
	if n := c.readThrough("large"); n != size {
		c.t.Fatalf("read %d bytes of %d", n, size)
	}
	before := requests(c.t, s, c.mount)
	c.readThrough("large")
	after := requests(c.t, s, c.mount)
	if n := after["READ"] - before["READ"]; n >= 10 {
		c.t.Errorf("the second read of 64 MiB took %d READ requests", n)
	}
	for range 1000 {
		if _, err := os.Stat(c.mount.Path("large")); err != nil {
			c.t.Fatal(err)
		}
	}
	last := requests(c.t, s, c.mount)
	if n := last["LOOKUP"] + last["GETATTR"] - after["LOOKUP"] - after["GETATTR"]; n >= 10 {
		c.t.Errorf("1,000 stats took %d LOOKUP and GETATTR requests", n)
	}
	if before["READ"] == 0 || before["LOOKUP"] == 0 {
		c.t.Errorf("the counters do not count: %v", before)
	}
}

func (c *coherence) readThrough(at string) int64 {
	c.t.Helper()
	f, err := os.Open(c.mount.Path(at))
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	n, err := io.Copy(io.Discard, f)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

// requests returns how many requests of each kind the kernel has made of the mount, by the server's own count.
func requests(t *testing.T, s *harness.Store, m *harness.Mount) map[string]int64 {
	t.Helper()
	var status struct {
		Mounts []struct {
			Dir      string           `json:"dir"`
			Requests map[string]int64 `json:"requests"`
		} `json:"mounts"`
	}
	s.PfsdJSON(&status, "status", "--json")
	for _, mount := range status.Mounts {
		if mount.Dir == m.Dir {
			return mount.Requests
		}
	}
	t.Fatalf("no mount on %s in the status: %+v", m.Dir, status)
	return nil
}
