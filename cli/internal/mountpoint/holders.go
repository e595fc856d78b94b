package mountpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Holder is a process that keeps a mount from being unmounted.
type Holder struct {
	PID  int
	Name string
}

// Holders returns the processes that have a file open below dir, mapped, or as a working or root directory, as far as this
// user may know. It asks the kernel alone, not the file system, which may not answer.
func Holders(dir string) []Holder {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var holders []Holder
	for _, process := range processes {
		pid, err := strconv.Atoi(process.Name())
		if err == nil && holds(filepath.Join("/proc", process.Name()), dir) {
			holders = append(holders, Holder{PID: pid, Name: processName(pid)})
		}
	}
	slices.SortFunc(holders, func(a, b Holder) int { return a.PID - b.PID })
	return holders
}

// holds reports whether the process, of which proc is the directory in /proc, uses anything below dir.
func holds(proc, dir string) bool {
	links := []string{filepath.Join(proc, "cwd"), filepath.Join(proc, "root"), filepath.Join(proc, "exe")}
	if open, err := os.ReadDir(filepath.Join(proc, "fd")); err == nil {
		for _, fd := range open {
			links = append(links, filepath.Join(proc, "fd", fd.Name()))
		}
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && isBelow(target, dir) {
			return true
		}
	}
	return maps(proc, dir)
}

// maps reports whether the process has mapped a file below dir.
func maps(proc, dir string) bool {
	table, err := os.ReadFile(filepath.Join(proc, "maps"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(table)) {
		// proc_pid_maps(5): the path is the sixth field, and can have blanks.
		if i := strings.IndexByte(line, '/'); i >= 0 && isBelow(strings.TrimSuffix(line[i:], "\n"), dir) {
			return true
		}
	}
	return false
}

// isBelow reports whether path is dir or below it.
func isBelow(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

func processName(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(name))
}

// maxNamed is how many processes are named in an error.
const maxNamed = 5

// searching is how long the search for who uses a mount may take. The kernel has whoever looks at a process that is just being
// started wait for that, which lasts as long as files that it closes in some other file system.
const searching = 3 * time.Second

// holdersSoon is Holders, or nothing when that takes too long.
func holdersSoon(dir string) []Holder {
	found := make(chan []Holder, 1)
	go func() { found <- Holders(dir) }()
	select {
	case holders := <-found:
		return holders
	case <-time.After(searching):
		return nil
	}
}

// inUse is the error of a mount that cannot be unmounted because somebody uses it.
func inUse(dir string) error {
	holders := holdersSoon(dir)
	if len(holders) == 0 {
		return fmt.Errorf("%s is in use: a program has a file open in it, or its working directory there; "+
			"pfsd umount --lazy takes it away all the same", dir)
	}
	var named []string
	for _, h := range holders[:min(len(holders), maxNamed)] {
		named = append(named, fmt.Sprintf("%s (pid %d)", h.Name, h.PID))
	}
	if more := len(holders) - maxNamed; more > 0 {
		named = append(named, fmt.Sprintf("%d more", more))
	}
	return fmt.Errorf("%s is in use by %s; pfsd umount --lazy takes it away all the same", dir, strings.Join(named, ", "))
}
