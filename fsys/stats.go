package fsys

import "sync/atomic"

// opcodes are the kernel's requests, by number, as include/uapi/linux/fuse.h has them.
var opcodes = [...]string{
	1: "LOOKUP", 3: "GETATTR", 4: "SETATTR", 5: "READLINK", 6: "SYMLINK", 8: "MKNOD", 9: "MKDIR", 10: "UNLINK", 11: "RMDIR",
	12: "RENAME", 13: "LINK", 14: "OPEN", 15: "READ", 16: "WRITE", 17: "STATFS", 18: "RELEASE", 20: "FSYNC",
	21: "SETXATTR", 22: "GETXATTR", 23: "LISTXATTR", 24: "REMOVEXATTR", 25: "FLUSH", 27: "OPENDIR", 28: "READDIR",
	29: "RELEASEDIR", 30: "FSYNCDIR", 31: "GETLK", 32: "SETLK", 33: "SETLKW", 34: "ACCESS", 35: "CREATE", 39: "IOCTL",
	43: "FALLOCATE", 44: "READDIRPLUS", 45: "RENAME2", 46: "LSEEK", 47: "COPY_FILE_RANGE", 51: "TMPFILE",
}

// counters count requests by opcode.
type counters [len(opcodes)]atomic.Uint64

func (c *counters) count(opcode uint32) {
	if int(opcode) < len(c) {
		c[opcode].Add(1)
	}
}

// Stats are the numbers of requests that the kernel has sent for a mount since it was made.
type Stats struct {
	// Requests by the name of the opcode, as "LOOKUP"; what was never sent is absent.
	Requests map[string]uint64 `json:"requests"`
}

// stats returns the counts so far.
func (c *counters) stats() Stats {
	requests := make(map[string]uint64)
	for i := range c {
		if n := c[i].Load(); n > 0 && opcodes[i] != "" {
			requests[opcodes[i]] = n
		}
	}
	return Stats{Requests: requests}
}
