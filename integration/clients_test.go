package integration_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// TestClients takes the same bytes through each client, one small file and one that the client uploads in parts, and
// compares what comes back and what a mount shows.
func TestClients(t *testing.T) {
	s := harness.New(t)
	door := s.S3()
	mount := s.Mount("master.clients", "--create")
	small, large := filepath.Join(s.Dir, "small.txt"), filepath.Join(s.Dir, "large.bin")
	for path, size := range map[string]int{small: 1000, large: 20 << 20} {
		if err := os.WriteFile(path, harness.Bytes(uint64(size), size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name           string
		put, get, list func(args ...string) string
	}{
		{name: "aws",
			put:  func(a ...string) string { return s.AWS(door, "s3", "cp", a[0], "s3://master.clients/"+a[1]) },
			get:  func(a ...string) string { return s.AWS(door, "s3", "cp", "s3://master.clients/"+a[0], a[1]) },
			list: func(a ...string) string { return s.AWS(door, "s3", "ls", "--recursive", "s3://master.clients/"+a[0]) }},
		{name: "rclone",
			put: func(a ...string) string {
				return s.Rclone(door, "copyto", "--s3-upload-cutoff=5M", a[0], "pfsd:master.clients/"+a[1])
			},
			get:  func(a ...string) string { return s.Rclone(door, "copyto", "pfsd:master.clients/"+a[0], a[1]) },
			list: func(a ...string) string { return s.Rclone(door, "lsf", "-R", "pfsd:master.clients/"+a[0]) }},
		{name: "s3cmd",
			put:  func(a ...string) string { return s.S3cmd(door, "put", a[0], "s3://master.clients/"+a[1]) },
			get:  func(a ...string) string { return s.S3cmd(door, "get", "s3://master.clients/"+a[0], a[1]) },
			list: func(a ...string) string { return s.S3cmd(door, "ls", "--recursive", "s3://master.clients/"+a[0]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, local := range []string{small, large} {
				key := c.name + "/in it/" + filepath.Base(local)
				back := filepath.Join(s.Dir, "back-"+c.name+filepath.Base(local))
				c.put(local, key)
				c.get(key, back)
				sameFile(t, local, back)
				sameFile(t, local, mount.Path(key))
			}
			if out := c.list(c.name + "/"); !strings.Contains(out, "small.txt") || !strings.Contains(out, "large.bin") {
				t.Errorf("the listing is\n%s", out)
			}
		})
	}
}

func sameFile(t *testing.T, want, got string) {
	t.Helper()
	w, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	g, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(w, g) {
		t.Errorf("%s has other bytes than %s: %d and %d", got, want, len(g), len(w))
	}
}
