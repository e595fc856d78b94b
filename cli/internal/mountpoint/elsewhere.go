package mountpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// shownElsewhere returns an error that names a place where a mount is shown that was taken away from dir, if there is one that
// this user may know of.
func shownElsewhere(dir, device string) error {
	tables, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		return err
	}
	for _, table := range append([]string{"/proc/self/mountinfo"}, tables...) {
		text, err := os.ReadFile(table)
		if err != nil {
			continue // Another user's process, or one that has ended.
		}
		if place := placeOf(string(text), device); place != "" {
			pid, err := strconv.Atoi(strings.Split(table, "/")[2])
			if err != nil {
				pid = os.Getpid()
			}
			return fmt.Errorf("%s is unmounted, but the mount is still shown on %s, as process %d (%s) sees it: it ends when that is "+
				"unmounted, too", dir, place, pid, processName(pid))
		}
	}
	return nil
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
