package guard

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// dying reports whether a process has been killed and is not gone: its first thread has ended, or is still to take notice of
// SIGKILL. See proc_pid_status(5), which the kernel shows without waiting for the process.
func dying(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "State":
			if strings.HasPrefix(value, "Z") {
				return true
			}
		case "SigPnd":
			pending, err := strconv.ParseUint(value, 16, 64)
			return err == nil && pending&(1<<(syscall.SIGKILL-1)) != 0
		}
	}
	return false
}
