package fsys

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// privileges returns the bits of a mode that a change of content or owner by who takes away, as the kernel's own file systems
// have it: setuid; and setgid where that lends the rights of the group, whose execute bit is set then, or where who is not in
// that group.
func privileges(mode uint32, who *fuse.Caller, gid uint32) uint32 {
	lost := mode & modeSetUID
	if mode&modeSetGID != 0 && (mode&modeGroupX != 0 || !mayKeepGroup(who, gid)) {
		lost |= modeSetGID
	}
	return lost
}

// dropPrivilegesLocked takes the bits of n's mode away that a change of its content by who does, and reports whether it had any.
// The caller holds n.mu.
func (n *inode) dropPrivilegesLocked(d *fileData, who *fuse.Caller) bool {
	lost := privileges(n.attr.mode, who, n.attr.gid)
	n.attr.mode &^= lost
	d.lose(lost)
	return lost != 0
}

// capFSETID is CAP_FSETID of <linux/capability.h>: to keep set-id bits of a file that one changes.
const capFSETID = 4

// mayKeepGroup reports whether a process is in a group, or may do without. The kernel says of it only its main group, so that
// proc_pid_status(5) is asked for the others; a process that cannot be seen there is taken for an outsider.
func mayKeepGroup(who *fuse.Caller, gid uint32) bool {
	if who.Gid == gid {
		return true
	}
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", who.Pid))
	if err != nil {
		return false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch key {
		case "Groups":
			if slices.Contains(strings.Fields(value), strconv.FormatUint(uint64(gid), 10)) {
				return true
			}
		case "CapEff":
			capabilities, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			if err == nil && capabilities&(1<<capFSETID) != 0 {
				return true
			}
		}
	}
	return false
}
