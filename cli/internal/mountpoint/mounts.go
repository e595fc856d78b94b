package mountpoint

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// IsDead reports whether dir is a mount of this program whose server has died. Such a one may let itself be looked at, from the
// kernel's cache, but statfs(2) always asks the server. The error says which server does not answer.
func IsDead(ctx context.Context, dir string) (bool, error) {
	if !IsMount(dir) {
		return false, nil
	}
	dead, err := ask(ctx, func() (bool, error) {
		err := unix.Statfs(dir, &unix.Statfs_t{})
		return errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.ECONNABORTED), nil
	})
	return dead, orSilence(dir, err)
}

// Find returns path in canonical form, as resolve does. It does not call resolve, which looks at the directory, where path is a
// mount of this program: the server of that may not answer. The error says so when a file system on the way does not.
func Find(ctx context.Context, path string, resolve func(path string) (string, error)) (string, error) {
	dir, err := ask(ctx, func() (string, error) {
		full, err := absolute(path)
		if err != nil {
			return "", err
		}
		if dir, found := leadsToMount(full); found {
			return dir, nil
		}
		return resolve(full)
	})
	if errors.Is(err, errSilent) {
		err = fmt.Errorf("looking for %s: a file system on the way does not answer", path)
	}
	return dir, err
}

// maxLinks is how many symbolic links may follow each other, as for the kernel: path_resolution(7).
const maxLinks = 40

// leadsToMount returns the directory, in canonical form, where path, or the symbolic links that it names, lead to a mount of this
// program. It does not look at the mount.
func leadsToMount(path string) (string, bool) {
	for range maxLinks {
		parent, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", false
		}
		dir := filepath.Join(parent, filepath.Base(path))
		if IsMount(dir) {
			return dir, true
		}
		if path, err = os.Readlink(dir); err != nil {
			return "", false
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(parent, path)
		}
	}
	return "", false
}

// absolute is filepath.Abs, but does not look at the working directory, which may be in a mount.
func absolute(path string) (string, error) {
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	within, err := unix.Getwd()
	return filepath.Join(within, path), os.NewSyscallError("getcwd", err)
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
