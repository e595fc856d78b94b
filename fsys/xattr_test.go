package fsys_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/pfs"
)

// MetaArgs are a file with what an object store attaches to it.
type MetaArgs struct {
	Path string
	Data []byte
	Meta *pfs.Meta
}

// PutMeta writes a file of the branch master.data, as an object store does.
func (c *Child) PutMeta(a MetaArgs, _ *int) error {
	ctx := context.Background()
	in, err := c.store.Ingest(ctx, bytes.NewReader(a.Data))
	if err != nil {
		return err
	}
	defer in.Release()
	_, err = c.store.Update(ctx, pfs.BranchRef("data", "master"), pfs.By{Origin: pfs.OriginS3}, func(tx *pfs.Tx) error {
		return tx.PutFile(a.Path, in.Content, a.Meta, 0)
	})
	return err
}

// Entry is what the core has at a path of master.data; nothing is pending then.
func (c *Child) Entry(path string, out *pfs.Entry) error {
	ctx, ref := context.Background(), pfs.BranchRef("data", "master")
	if _, err := c.store.Cut(ctx, ref); err != nil {
		return err
	}
	snap, err := c.store.Snapshot(ctx, ref)
	if err != nil {
		return err
	}
	*out, err = snap.Stat(ctx, path)
	return err
}

func getXattr(t *testing.T, path, name string) string {
	t.Helper()
	buf := make([]byte, 64<<10)
	n, err := unix.Getxattr(path, name, buf)
	if err != nil {
		t.Errorf("getxattr %s: %v", name, err)
		return ""
	}
	return string(buf[:n])
}

func listXattrs(t *testing.T, path string) []string {
	t.Helper()
	buf := make([]byte, 64<<10)
	n, err := unix.Listxattr(path, buf)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00")
}

// TestObjectXattrs reads and changes what an object store attaches to a file through its extended attributes.
func TestObjectXattrs(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "a.txt")
	f.call("PutMeta", MetaArgs{Path: "a.txt", Data: []byte("bytes"), Meta: &pfs.Meta{
		ContentType: "text/plain", Headers: map[string]string{"cache-control": "no-store"},
		User: map[string]string{"colour": "blue", "mtime": "1000.5"}, Tags: map[string]string{"k": "v"},
		Checksums: map[string]string{"crc32": "x"},
	}}, nil)
	want := map[string]string{
		"user.s3.content-type": "text/plain", "user.s3.cache-control": "no-store", "user.s3.meta.colour": "blue", "user.s3.tag.k": "v",
	}
	if got := listXattrs(t, name); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("listed are %q", got)
	}
	for name2, value := range want {
		if got := getXattr(t, name, name2); got != value {
			t.Errorf("%s is %q", name2, got)
		}
	}
	set := func(attr, value string) error { return unix.Setxattr(name, attr, []byte(value), 0) }
	for attr, value := range map[string]string{
		"user.s3.content-type": "image/png", "user.s3.meta.size": "große", "user.s3.expires": "never", "user.own": "\x00\xff",
	} {
		if err := set(attr, value); err != nil {
			t.Errorf("set %s: %v", attr, err)
		}
	}
	if err := unix.Removexattr(name, "user.s3.meta.colour"); err != nil {
		t.Error(err)
	}
	var e pfs.Entry
	f.call("Entry", "a.txt", &e)
	if m := e.Meta; m.ContentType != "image/png" || m.Headers["expires"] != "never" || m.Headers["cache-control"] != "no-store" ||
		!maps.Equal(m.User, map[string]string{"size": "große", "mtime": "1000.5"}) || m.Tags["k"] != "v" ||
		m.Checksums["crc32"] != "x" || string(m.Xattrs["user.own"]) != "\x00\xff" {
		t.Errorf("the core has %+v", *m)
	}
	for attr, errno := range map[string]error{
		"user.s3.meta.Upper": syscall.EINVAL, "user.s3.meta.": syscall.EINVAL, "user.s3.unknown": syscall.EOPNOTSUPP,
		"user.pfs.etag": syscall.EPERM, "user.pfs.commit": syscall.EPERM, "user.pfs.x": syscall.EPERM,
		"user.s3.meta.mtime": syscall.EPERM,
	} {
		wantErr(t, "set "+attr, set(attr, "x"), errno.(syscall.Errno))
	}
	wantErr(t, "a value of two lines", set("user.s3.meta.x", "a\r\nx-b: c"), syscall.EINVAL)
	wantErr(t, "a large value", set("user.s3.meta.x", strings.Repeat("x", 3<<10)), syscall.ENOSPC)
	if got := getXattr(t, name, "user.pfs.etag"); got != f.get("a.txt").ETag {
		t.Errorf("its hash is %q", got)
	}
	if got := getXattr(t, name, "user.pfs.commit"); got != e.Changed.Commit.String() {
		t.Errorf("its commit is %q, want %s", got, e.Changed.Commit)
	}
}

// TestObjectXattrsCopied has cp(1) carry them along.
func TestObjectXattrsCopied(t *testing.T) {
	f := newFixture(t)
	f.call("PutMeta", MetaArgs{Path: "from", Data: []byte("bytes"), Meta: &pfs.Meta{
		ContentType: "text/x-c", User: map[string]string{"a": "b"},
	}}, nil)
	cmd := exec.Command("cp", "-a", "from", "to")
	cmd.Dir = f.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cp -a: %v\n%s", err, out)
	}
	var e pfs.Entry
	f.call("Entry", "to", &e)
	if e.Meta == nil || e.Meta.ContentType != "text/x-c" || e.Meta.User["a"] != "b" {
		t.Errorf("the copy has %+v", e.Meta)
	}
	name := filepath.Join(f.dir, "new")
	if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	var sys unix.Stat_t
	if err := unix.Stat(name, &sys); err != nil {
		t.Fatal(err)
	}
	if got := getXattr(t, name, "user.s3.meta.mtime"); !strings.HasPrefix(got, strconv.FormatInt(sys.Mtim.Sec, 10)) {
		t.Errorf("its time is %q", got)
	}
}
