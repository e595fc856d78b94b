package mountpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// place is where a mount is shown, in the mount namespace of a process.
type place struct {
	dir string
	pid int
}

// path leads to the place from the namespace of this process.
func (p place) path() string { return filepath.Join("/proc", strconv.Itoa(p.pid), "root", p.dir) }

// findPlace returns a place where the mount with the number device is shown, if there is one that this user may know of.
func findPlace(device string) (place, bool) {
	tables, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		return place{}, false
	}
	for _, table := range append([]string{"/proc/self/mountinfo"}, tables...) {
		text, err := os.ReadFile(table)
		if err != nil {
			continue // Another user's process, or one that has ended.
		}
		if dir := placeOf(string(text), device); dir != "" {
			pid, err := strconv.Atoi(strings.Split(table, "/")[2])
			if err != nil {
				pid = os.Getpid()
			}
			return place{dir: dir, pid: pid}, true
		}
	}
	return place{}, false
}

// shownElsewhere returns an error that names a place where a mount is shown that was taken away from dir, if there is one that
// this user may know of.
func shownElsewhere(dir, device string) error {
	at, found := findPlace(device)
	if !found {
		return nil
	}
	return fmt.Errorf("%s is unmounted, but the mount is still shown on %s, as process %d (%s) sees it: it ends when that is "+
		"unmounted, too", dir, at.dir, at.pid, processName(at.pid))
}

// placeOf returns a mount point of the file system with the number device in the text of proc_pid_mountinfo(5), or "".
func placeOf(table, device string) string {
	for line := range strings.Lines(table) {
		before, after, found := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if found && len(fields) > 4 && fields[2] == device && strings.HasPrefix(after, kind+" ") {
			return unescape.Replace(fields[4])
		}
	}
	return ""
}
