package fsys

import (
	"os/exec"
	"testing"
)

// TestHelperSaysItOnce has a helper fail that names itself, as fusermount3 does, and one that does not.
func TestHelperSaysItOnce(t *testing.T) {
	for _, said := range []string{"fusermount3: failed to open /dev/fuse: Permission denied", "failed to open /dev/fuse: Permission denied"} {
		err := runHelper(exec.Command("sh", "-c", `echo "$0" >&2; exit 1`, said))
		if want := "fusermount3: failed to open /dev/fuse: Permission denied"; err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}
