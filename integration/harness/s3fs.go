package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// S3fs mounts a bucket of the door with s3fs and returns the directory. It is unmounted when the test ends.
func (s *Store) S3fs(d *S3, bucket string) string {
	s.t.Helper()
	dir := filepath.Join(s.Dir, bucket)
	if err := os.Mkdir(dir, 0o755); err != nil {
		s.t.Fatal(err)
	}
	passwd := filepath.Join(s.Dir, bucket+".passwd")
	if err := os.WriteFile(passwd, []byte(d.Key+":"+d.Secret), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := s.Command(s.tool(s3fs), bucket, dir, "-f", "-o", "url="+d.URL, "-o", "use_path_request_style",
		"-o", "passwd_file="+passwd, "-o", "logfile="+filepath.Join(s.Dir, bucket+".log"))
	cmd.Env = s.ClientEnv(d)
	p := start(s.t, cmd)
	s.t.Cleanup(func() { s.endS3fs(p, dir) })
	if !s.awaitMount(p, dir) {
		s.t.Fatalf("%s has not mounted:\n%s", p, p.Stderr())
	}
	return dir
}

// endS3fs unmounts dir, which ends the process.
func (s *Store) endS3fs(p *Process, dir string) {
	s.t.Helper()
	if r := s.run(exec.Command("fusermount", "-u", dir)); r.Code != 0 {
		s.t.Errorf("unmount %s: %s", dir, r.Stderr)
		LazyUnmount(s.t, dir)
	}
	if code := p.Wait(); code != 0 {
		s.t.Errorf("%s: exit code %d\n%s", p, code, p.Stderr())
	}
}

// awaitMount waits until something is mounted on dir, and reports whether it is before the process ends. The kernel says
// when the table of mounts changes.
func (s *Store) awaitMount(p *Process, dir string) bool {
	s.t.Helper()
	table, err := os.Open("/proc/self/mounts")
	if err != nil {
		s.t.Fatal(err)
	}
	defer table.Close()
	for begun := time.Now(); time.Since(begun) < patience; {
		if Mounted(s.t, dir) {
			return true
		}
		select {
		case <-p.ended:
			p.over = true
			return false
		default:
		}
		changes := []unix.PollFd{{Fd: int32(table.Fd()), Events: unix.POLLPRI}}
		if _, err := unix.Poll(changes, 200); err != nil && err != syscall.EINTR {
			s.t.Fatal(err)
		}
	}
	return false
}
