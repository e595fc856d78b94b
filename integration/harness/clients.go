package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// tool returns the first program of that name in $PATH that really runs: a shim of a version manager can be in the way of
// the one that the system installed.
func tool(name string, probe ...string) (string, error) {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if exec.Command(path, probe...).Run() == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no %s that runs in $PATH; `make test` says how to install it", name)
}

var (
	aws    = sync.OnceValues(func() (string, error) { return tool("aws", "--version") })
	rclone = sync.OnceValues(func() (string, error) { return tool("rclone", "version") })
	s3cmd  = sync.OnceValues(func() (string, error) { return tool("s3cmd", "--version") })
	s3fs   = sync.OnceValues(func() (string, error) { return tool("s3fs", "--version") })
	b3sum  = sync.OnceValues(func() (string, error) { return tool("b3sum", "--version") })
)

func (s *Store) tool(find func() (string, error)) string {
	s.t.Helper()
	path, err := find()
	if err != nil {
		s.t.Fatal(err)
	}
	return path
}

// LinkAWS makes the AWS CLI that runs the one that the store's commands find.
func (s *Store) LinkAWS() {
	s.t.Helper()
	if err := os.Symlink(s.tool(aws), filepath.Join(s.bin, "aws")); err != nil {
		s.t.Fatal(err)
	}
}

// AWS runs the AWS CLI on the door, which must succeed, and returns its stdout.
func (s *Store) AWS(d *S3, args ...string) string {
	s.t.Helper()
	return s.Run(s.AWSCommand(d, args...))
}

// AWSCommand returns a command of the AWS CLI on the door.
func (s *Store) AWSCommand(d *S3, args ...string) *exec.Cmd {
	s.t.Helper()
	cmd := s.Command(s.tool(aws), append([]string{"--endpoint-url", d.URL}, args...)...)
	cmd.Env = s.ClientEnv(d)
	return cmd
}

// Rclone runs rclone, with the door as the remote `pfsd:`; it must succeed.
func (s *Store) Rclone(d *S3, args ...string) string {
	s.t.Helper()
	return s.Run(s.RcloneCommand(d, args...))
}

// RcloneCommand returns a command of rclone, with the door as the remote `pfsd:`. It takes its configuration from the
// environment, and the file that it would keep must exist, or it says so.
func (s *Store) RcloneCommand(d *S3, args ...string) *exec.Cmd {
	s.t.Helper()
	if d.CA != "" {
		args = append([]string{"--ca-cert", d.CA}, args...)
	}
	cmd := s.Command(s.tool(rclone), args...)
	cmd.Env = s.Env("RCLONE_CONFIG="+s.configFile("rclone.conf", ""), "RCLONE_CONFIG_PFSD_TYPE=s3",
		"RCLONE_CONFIG_PFSD_PROVIDER=Other", "RCLONE_CONFIG_PFSD_ENDPOINT="+d.URL,
		"RCLONE_CONFIG_PFSD_ACCESS_KEY_ID="+d.Key, "RCLONE_CONFIG_PFSD_SECRET_ACCESS_KEY="+d.Secret)
	return cmd
}

// S3cmd runs s3cmd on the door; it must succeed.
func (s *Store) S3cmd(d *S3, args ...string) string {
	s.t.Helper()
	return s.Run(s.S3cmdCommand(d, args...))
}

// S3cmdCommand returns a command of s3cmd on the door.
func (s *Store) S3cmdCommand(d *S3, args ...string) *exec.Cmd {
	s.t.Helper()
	options := []string{"--host=" + d.Host, "--host-bucket=" + d.Host, "--access_key=" + d.Key, "--secret_key=" + d.Secret,
		"--config=" + s.configFile("s3cfg", fmt.Sprintf("[default]\nsignurl_use_https = %t\n", d.CA != ""))}
	if d.CA == "" {
		options = append(options, "--no-ssl")
	} else {
		options = append(options, "--ssl", "--ca-certs="+d.CA)
	}
	return s.Command(s.tool(s3cmd), append(options, args...)...)
}

// configFile makes a configuration file of a client and returns its path.
func (s *Store) configFile(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.home, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// ClientEnv returns Env with what a client of the door needs to know.
func (s *Store) ClientEnv(d *S3) []string { return append(s.Env(), d.Environ()...) }

// B3sum returns what `b3sum` prints as the hash of the file at path.
func (s *Store) B3sum(path string) string {
	s.t.Helper()
	return strings.TrimSpace(s.Run(s.Command(s.tool(b3sum), "--no-names", path)))
}

// Diff fails the test when two directories differ, symlinks aside, and says where.
func (s *Store) Diff(want, got string) {
	s.t.Helper()
	r := s.run(s.Command("diff", "-r", "--no-dereference", want, got))
	if r.Code != 0 {
		s.t.Errorf("diff -r %s %s: exit code %d\n%.4000s%s", want, got, r.Code, r.Stdout, r.Stderr)
	}
}
