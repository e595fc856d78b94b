package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestIntoPipes has a file and an archive written into pipes, which stay pipes, rather than put in their place, as root
// would replace /dev/null.
func TestIntoPipes(t *testing.T) {
	data, dir := newData(t), t.TempDir()
	ok(t, data, "", "repo", "create", "r")
	ok(t, data, "text", "put", "-", "r:/f")
	archive := ok(t, data, "", "export", "r", "-")
	for _, c := range []struct{ command, address, name, want string }{
		{"get", "r:/f", "fifo", "text"},
		{"export", "r:/f", "fifo", "text"},
		{"export", "r", "fifo.tar", archive},
	} {
		pipe := filepath.Join(dir, c.name)
		if err := unix.Mkfifo(pipe, 0o600); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
		if got := readPipe(t, pipe, func() { ok(t, data, "", c.command, c.address, pipe) }); got != c.want {
			t.Errorf("%s wrote %q", c.command, got)
		}
		if info, err := os.Lstat(pipe); err != nil || info.Mode().Type() != os.ModeNamedPipe {
			t.Errorf("after %s the pipe is %v, %v", c.command, info.Mode(), err)
		}
	}
	pipe := filepath.Join(dir, "fifo")
	readPipe(t, pipe, func() {
		if r := pfsd(t, data, "", "get", "r", pipe); r.code != exitFailure || !strings.Contains(r.stderr, "is a directory") {
			t.Errorf("a get of a directory: %+v", r)
		}
	})
}

// readPipe returns what comes out of the pipe while write is called.
func readPipe(t *testing.T, pipe string, write func()) string {
	t.Helper()
	// Open for both, it is no end of the pipe when a writer closes it, and none is waited for.
	file, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	write()
	file.Close()
	got, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// TestGetThroughALink replaces the file that a link leads to, and not the link.
func TestGetThroughALink(t *testing.T) {
	data, dir := newData(t), t.TempDir()
	ok(t, data, "", "repo", "create", "r")
	ok(t, data, "text", "put", "-", "r:/f")
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	ok(t, data, "", "get", "r:/f", link)
	if got, err := os.ReadFile(file); err != nil || string(got) != "text" {
		t.Errorf("the file is %q, %v", got, err)
	}
	if target, err := os.Readlink(link); err != nil || target != "file" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
}
