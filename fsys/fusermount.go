package fsys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// helper is the setuid program that mounts for those who are not root.
const helper = "fusermount3"

// attachThroughHelper mounts with fusermount3, which sends the kernel's end over a socket.
func attachThroughHelper(dir string, o AttachOptions) (*os.File, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "fusermount"), os.NewFile(uintptr(pair[1]), "fusermount")
	defer ours.Close()
	cmd := exec.Command(helper, "-o", helperOptions(o), "--", dir)
	cmd.Env = append(os.Environ(), "_FUSE_COMMFD=3")
	cmd.ExtraFiles = []*os.File{theirs}
	err = runHelper(cmd)
	_ = theirs.Close() // It was only for the child.
	if err != nil {
		return nil, err
	}
	return receiveFile(ours)
}

// helperOptions returns the options in the form of mount(8).
func helperOptions(o AttachOptions) string {
	escape := strings.NewReplacer(`\`, `\\`, `,`, `\,`)
	options := []string{
		"fsname=" + escape.Replace(o.Source), "subtype=pfsd", "default_permissions", fmt.Sprintf("max_read=%d", maxRequest),
	}
	for option, set := range map[string]bool{
		"allow_other": o.AllowOther, "ro": o.ReadOnly, "sync": o.Sync, "noexec": o.NoExec,
	} {
		if set {
			options = append(options, option)
		}
	}
	return strings.Join(options, ",")
}

// runHelper runs the program; the error has what it said.
func runHelper(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s is not installed (package fuse3), and only root can mount without it: %w", helper, err)
	case errors.As(err, &exit):
		return fmt.Errorf("%s: %s", helper, strings.TrimPrefix(strings.TrimSpace(said.String()), helper+": "))
	}
	return err
}

// receiveFile receives one open file.
func receiveFile(socket *os.File) (*os.File, error) {
	control := make([]byte, unix.CmsgSpace(4))
	var n int
	conn, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	controlErr := conn.Control(func(fd uintptr) {
		for {
			_, n, _, _, err = unix.Recvmsg(int(fd), make([]byte, 4), control, unix.MSG_CMSG_CLOEXEC)
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	if err = errors.Join(err, controlErr); err != nil {
		return nil, os.NewSyscallError("recvmsg", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return nil, errors.New(helper + " sent no file")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.New(helper + " sent no file")
	}
	return os.NewFile(uintptr(fds[0]), "/dev/fuse"), nil
}

// detachThroughHelper unmounts with fusermount3.
func detachThroughHelper(dir string, lazy bool) error {
	flag := "-u"
	if lazy {
		flag = "-uz"
	}
	return runHelper(exec.Command(helper, flag, "--", dir))
}
