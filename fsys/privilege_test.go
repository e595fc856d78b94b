package fsys_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestSetIDBits changes files with set-id bits as ordinary users do: the bits stay or go as on the disk of this machine.
func TestSetIDBits(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be several users")
	}
	f := newFixture(t)
	beside := filepath.Join(f.root, "beside")
	must(t, os.Mkdir(beside, 0o777))
	must(t, os.Chmod(f.root, 0o755))
	for _, dir := range []string{f.dir, beside} {
		must(t, os.Chmod(dir, 0o777))
	}
	owner := &syscall.Credential{Uid: 1234, Gid: 1234, Groups: []uint32{4321}}
	member := &syscall.Credential{Uid: 2345, Gid: 2345, Groups: []uint32{1234}}
	outsider := &syscall.Credential{Uid: 2345, Gid: 2345}
	const show = `stat -c %a file`
	for _, c := range []struct {
		name   string
		script string
		// mode is that of the file beforehand; 0 for none.
		mode uint32
		who  *syscall.Credential
		want string
	}{
		{"made with them", `perl -e 'use Fcntl; umask 0; sysopen(F, "file", O_CREAT|O_TRUNC|O_WRONLY, 02755) or die'; ` + show, 0, owner, "2755\n"},
		{"made with setuid", `perl -e 'use Fcntl; umask 0; sysopen(F, "file", O_CREAT|O_TRUNC|O_WRONLY, 04755) or die; print F "x"'; ` + show, 0, owner, "755\n"},
		{"emptied by an outsider", show + `; : >file; ` + show, 0o6777, outsider, "6777\n777\n"},
		{"written by a member, not for execution", `echo >>file; ` + show, 0o2666, member, "2666\n"},
		{"written by an outsider, not for execution", `echo >>file; ` + show, 0o2666, outsider, "666\n"},
		{"emptied by an outsider, not for execution", `: >file; ` + show, 0o2666, outsider, "666\n"},
		{"made shorter by an outsider", `truncate -s 1 file; ` + show, 0o2666, outsider, "666\n"},
		{"given away", `chown 1:1 file; ` + show, 0o2666, nil, "2666\n"},
		{"given to another group", `chgrp 4321 file; ` + show, 0o2666, owner, "2666\n"},
	} {
		for _, dir := range []string{beside, f.dir} {
			name := filepath.Join(dir, "file")
			_ = os.Remove(name)
			if c.mode != 0 {
				must(t, os.WriteFile(name, []byte("bytes"), 0o666))
				must(t, os.Chown(name, 1234, 1234))
				must(t, syscall.Chmod(name, c.mode))
			}
			cmd := exec.Command("sh", "-euc", c.script)
			cmd.Dir = dir
			if c.who != nil {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.who}
			}
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != c.want {
				t.Errorf("%s in %s: %q, %v, want %q", c.name, filepath.Base(dir), out, err, c.want)
			}
		}
	}
}
