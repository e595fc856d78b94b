package mountpoint

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// serversOf returns the processes that have the kernel's end of the mount with the number device: the server, and the owner where
// that is another. Stopped ones come first. It asks the kernel alone, and finds the processes that this user may look at.
// A kernel before Linux 6.17 does not tell which mount an end belongs to: there it finds none.
func serversOf(device string) []Holder {
	_, minor, _ := strings.Cut(device, ":")
	ends, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return nil
	}
	var stopped, running []Holder
	seen := map[int]bool{}
	for _, end := range ends {
		process, number := filepath.Dir(filepath.Dir(end)), filepath.Base(end)
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil || seen[pid] || !isEndOf(process, number, minor) {
			continue
		}
		seen[pid] = true
		if h := (Holder{PID: pid, Name: processName(pid)}); isStopped(pid) {
			stopped = append(stopped, h)
		} else {
			running = append(running, h)
		}
	}
	return append(stopped, running...)
}

// isEndOf reports whether a descriptor of the process, of which proc is the directory in /proc, is the kernel's end of the mount
// whose device has the minor number.
func isEndOf(proc, descriptor, minor string) bool {
	target, err := os.Readlink(filepath.Join(proc, "fd", descriptor))
	if err != nil || target != "/dev/fuse" {
		return false
	}
	info, err := os.ReadFile(filepath.Join(proc, "fdinfo", descriptor))
	return err == nil && bytes.Contains(info, []byte("fuse_connection:\t"+minor+"\n"))
}

// isStopped reports whether a process is stopped by a signal or a debugger.
func isStopped(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// proc_pid_stat(5): the state follows the name, which is in parentheses and may contain some.
	rest := string(stat[bytes.LastIndexByte(stat, ')')+1:])
	return strings.HasPrefix(rest, " T") || strings.HasPrefix(rest, " t")
}
