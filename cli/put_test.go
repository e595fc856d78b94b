package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPutOfAPipe stores what comes out of pipes that are named, as <(COMMAND) names one in a shell. In a directory they are
// left out.
func TestPutOfAPipe(t *testing.T) {
	data, dir := newData(t), t.TempDir()
	ok(t, data, "", "repo", "create", "r")
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.WriteString(in, "from a pipe"); err != nil {
		t.Fatal(err)
	}
	in.Close()
	ok(t, data, "", "put", fmt.Sprintf("/dev/fd/%d", out.Fd()), "r:/pipe")
	if got := ok(t, data, "", "cat", "r:/pipe"); got != "from a pipe" {
		t.Errorf("the file is %q", got)
	}
	ok(t, data, "", "put", os.DevNull, "r:/empty")
	if got := ok(t, data, "", "cat", "r:/empty"); got != "" {
		t.Errorf("the file is %q", got)
	}
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := pfsd(t, data, "", "put", dir, "r:/dir")
	if want := "pfsd: " + dir + "/fifo is left out: it is no file, directory or symbolic link\n"; r.code != exitOK || r.stderr != want {
		t.Errorf("a put of the directory: %+v", r)
	}
}
