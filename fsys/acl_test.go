package fsys_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// aclOf returns an access control list as the kernel takes it, of pairs of a tag and permissions.
func aclOf(entries ...[2]uint16) []byte {
	list := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range entries {
		list = binary.LittleEndian.AppendUint16(list, e[0])
		list = binary.LittleEndian.AppendUint16(list, e[1])
		list = binary.LittleEndian.AppendUint32(list, 1<<32-1)
	}
	return list
}

// TestAccessLists sets access control lists: one that says no more than a mode is a chmod, others are refused.
func TestAccessLists(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "file")
	must(t, os.WriteFile(name, []byte("bytes"), 0o644))
	must(t, os.Chmod(name, os.ModeSetuid|0o644))
	mode := func() uint32 {
		t.Helper()
		// The mode alone, which the kernel may answer from its cache.
		var st unix.Statx_t
		must(t, unix.Statx(unix.AT_FDCWD, name, 0, unix.STATX_MODE, &st))
		return uint32(st.Mode) & 0o7777
	}
	if got := mode(); got != 0o4644 {
		t.Errorf("the mode is %o", got)
	}
	must(t, unix.Setxattr(name, "system.posix_acl_access", aclOf([2]uint16{1, 7}, [2]uint16{4, 5}, [2]uint16{0x20, 1}), 0))
	if got := mode(); got != 0o4751 {
		t.Errorf("the mode is %o after a list that is one", got)
	}
	err := unix.Setxattr(name, "system.posix_acl_access",
		aclOf([2]uint16{1, 7}, [2]uint16{4, 5}, [2]uint16{0x10, 5}, [2]uint16{0x20, 1}), 0)
	wantErr(t, "a list that is more", err, unix.EOPNOTSUPP)
	for _, list := range []string{"access", "default"} {
		must(t, unix.Removexattr(f.dir, "system.posix_acl_"+list))
	}
	f.call("Unmount", f.dir, nil)
	f.mount(branch, f.dir)
	if got := mode(); got != 0o4751 {
		t.Errorf("the mode is %o when it is mounted anew", got)
	}
	out := run(t, f.root, `
		mkdir source && echo bytes >source/file && chmod 640 source/file && mkdir source/dir
		tar -C source --acls -cf a.tar . && mkdir mnt/tar && tar -C mnt/tar --acls -xf a.tar 2>&1
		cp -a source mnt/cp 2>&1
		if which rsync >/dev/null; then rsync -aA source/ mnt/rsync/ 2>&1; else cp -a source mnt/rsync; fi
		stat -c %a mnt/tar/file mnt/cp/file mnt/rsync/file`)
	if got := strings.TrimSpace(out); got != "640\n640\n640" {
		t.Errorf("programs that copy lists say %q", got)
	}
}
