package mountpoint

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// kind is what mount(8) shows as the type of our mounts.
const kind = "fuse.pfsd"

// IsMount reports whether a mount of this program, alive or dead, is what is found at dir, which is in canonical form. It
// asks the kernel's list only, since a mount without its server may not answer.
func IsMount(dir string) bool {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	return topKind(string(table), dir) == kind
}

// IsDead reports whether dir is a mount whose server has died. Such a one may let itself be looked at, from the kernel's
// cache, but statfs(2) always asks the server.
func IsDead(dir string) bool {
	err := unix.Statfs(dir, &unix.Statfs_t{})
	return errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.ECONNABORTED)
}

// topKind returns the type of the topmost mount on dir in the text of proc_pid_mountinfo(5).
func topKind(table, dir string) string {
	top := ""
	for line := range strings.Lines(table) {
		before, after, found := strings.Cut(line, " - ")
		fields, types := strings.Fields(before), strings.Fields(after)
		// Mounts are listed in the order in which they were made.
		if found && len(fields) > 4 && len(types) > 0 && unescape.Replace(fields[4]) == dir {
			top = types[0]
		}
	}
	return top
}

// unescape undoes how the list writes blanks and backslashes.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
