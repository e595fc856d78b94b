package badgerkv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"pfsd/pfs/internal/kv"
)

// spareFiles is how many descriptors Badger takes besides one for each table and log: for its lists and locks, the empty value log,
// and what it makes anew at once.
const spareFiles = 16

// checkDescriptors returns kv.ErrExhausted when this process cannot open as many files as Badger would in dir. The error of Badger
// would be one of a file that it cannot read.
func checkDescriptors(dir string) error {
	need := spareFiles
	for _, suffix := range []string{".sst", walSuffix} {
		names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
		if err != nil {
			return err
		}
		need += len(names)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if uint64(len(open)+need) > limit.Cur {
		return fmt.Errorf("%w: this process may have %d descriptors open, and has %d; the store needs %d more: raise ulimit -n",
			kv.ErrExhausted, limit.Cur, len(open), need)
	}
	return nil
}

// shortage makes an error of the system that says that there are no descriptors, or no memory, a kv.ErrExhausted too, and one that says
// that there is no room, or no more of a quota, a kv.ErrNoSpace.
func shortage(err error) error {
	if errors.Is(err, kv.ErrExhausted) || errors.Is(err, kv.ErrNoSpace) {
		return err
	}
	switch usedUp(err) {
	case 0:
		return err
	case syscall.EDQUOT, syscall.ENOSPC:
		return fmt.Errorf("%w: %w", kv.ErrNoSpace, err)
	default:
		return fmt.Errorf("%w: %w", kv.ErrExhausted, err)
	}
}

// usedUp returns the error of the system that err comes of when that says that something is used up, and 0 otherwise. Badger keeps only
// the words of some errors: so those are looked for, too.
func usedUp(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EDQUOT, syscall.ENOSPC} {
		if errors.Is(err, errno) || strings.Contains(err.Error(), ": "+errno.Error()) {
			return errno
		}
	}
	return 0
}
