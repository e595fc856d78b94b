package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Store is a data directory of its own, with the commands and doors of a test on it.
type Store struct {
	t testing.TB
	// Dir is a private directory for whatever a test needs, outside the data directory.
	Dir string
	// Data is the data directory; it is not made before pfsd makes it.
	Data  string
	home  string
	bin   string
	doors int
	// descriptors is the limit of those of each door; 0 for that of the tests.
	descriptors int
	// user is whose commands these are; nil for the user who runs the tests.
	user *syscall.Credential
}

// New returns an empty store. When the test ends, and all doors on the store have ended, it is checked deeply.
func New(t testing.TB) *Store {
	t.Helper()
	dir := t.TempDir()
	s := &Store{t: t, Dir: dir, Data: filepath.Join(dir, "data"), home: filepath.Join(dir, "home"),
		bin: filepath.Join(dir, "bin")}
	for _, d := range []string{s.home, s.bin} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(Binary(t), filepath.Join(s.bin, "pfsd")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.check)
	return s
}

// In returns the store for a test within the test that made it, with a private directory for its clients.
func (s *Store) In(t testing.TB) *Store {
	t.Helper()
	within := *s
	within.t, within.Dir = t, t.TempDir()
	within.home = filepath.Join(within.Dir, "home")
	if err := os.Mkdir(within.home, 0o755); err != nil {
		t.Fatal(err)
	}
	return &within
}

// nobody is the user that owns nothing.
const nobody = 65534

// NewOfNobody is New for a user without rights; only root can run commands as another user.
func NewOfNobody(t testing.TB) *Store {
	t.Helper()
	s := New(t)
	s.user = &syscall.Credential{Uid: nobody, Gid: nobody}
	if err := os.Chmod(filepath.Dir(s.Dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{s.Dir, s.home} {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// check runs the store's own check over all that the test has left.
func (s *Store) check() {
	s.t.Helper()
	if _, err := os.Stat(s.Data); errors.Is(err, fs.ErrNotExist) {
		return
	}
	if r := s.Try("fsck", "--deep"); r.Code != 0 {
		s.t.Errorf("pfsd fsck --deep: exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
}

// Result is what a command that has ended left behind.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Env returns the environment of the store's commands: the store as the default data directory, credentials that any
// client accepts, and none of the machine's own settings.
func (s *Store) Env(extra ...string) []string {
	env := []string{
		"HOME=" + s.home,
		"PATH=" + s.bin + ":" + os.Getenv("PATH"),
		"TMPDIR=" + s.Dir,
		"LANG=C.UTF-8",
		"PFSD_DATA=" + s.Data,
		"AWS_ACCESS_KEY_ID=any",
		"AWS_SECRET_ACCESS_KEY=any",
		"AWS_DEFAULT_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_PAGER=",
	}
	return append(env, extra...)
}

// Command returns a command of the store's environment, to be run in its Dir.
func (s *Store) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.Dir
	cmd.Env = s.Env()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	return cmd
}

// Try runs pfsd and returns whatever came of it.
func (s *Store) Try(args ...string) Result {
	s.t.Helper()
	return s.TryInput(nil, args...)
}

// TryInput is Try with bytes on stdin.
func (s *Store) TryInput(stdin []byte, args ...string) Result {
	s.t.Helper()
	cmd := s.Command(filepath.Join(s.bin, "pfsd"), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	return s.run(cmd)
}

// Pfsd runs pfsd, which must succeed, and returns its stdout.
func (s *Store) Pfsd(args ...string) string {
	s.t.Helper()
	return s.must("pfsd "+strings.Join(args, " "), s.Try(args...))
}

// PfsdJSON runs pfsd, which must succeed, and decodes the one JSON value that it prints into v.
func (s *Store) PfsdJSON(v any, args ...string) {
	s.t.Helper()
	out := s.Pfsd(args...)
	if err := json.Unmarshal([]byte(out), v); err != nil {
		s.t.Fatalf("pfsd %s: %v in\n%s", strings.Join(args, " "), err, out)
	}
}

// PfsdList runs a pfsd command that lists something as JSON, one object a line, and decodes each into a T.
func PfsdList[T any](s *Store, args ...string) []T {
	s.t.Helper()
	out := s.Pfsd(args...)
	var list []T
	for lines := json.NewDecoder(strings.NewReader(out)); ; {
		var item T
		err := lines.Decode(&item)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			s.t.Fatalf("pfsd %s: %v in\n%s", strings.Join(args, " "), err, out)
		}
		list = append(list, item)
	}
}

// Run runs cmd, which must succeed, and returns its stdout.
func (s *Store) Run(cmd *exec.Cmd) string {
	s.t.Helper()
	return s.must(strings.Join(cmd.Args, " "), s.run(cmd))
}

// Quiet runs cmd, which must succeed without a word on stderr, and returns its stdout.
func (s *Store) Quiet(cmd *exec.Cmd) string {
	s.t.Helper()
	r := s.run(cmd)
	if r.Code == 0 && r.Stderr != "" {
		s.t.Errorf("%s warns:\n%s", strings.Join(cmd.Args, " "), r.Stderr)
	}
	return s.must(strings.Join(cmd.Args, " "), r)
}

// Result runs cmd and returns whatever came of it.
func (s *Store) Result(cmd *exec.Cmd) Result {
	s.t.Helper()
	return s.run(cmd)
}

func (s *Store) must(what string, r Result) string {
	s.t.Helper()
	if r.Code != 0 {
		s.t.Fatalf("%s: exit code %d\n%s%s", what, r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// run runs cmd to its end.
func (s *Store) run(cmd *exec.Cmd) Result {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// DiskUsage returns the space that what is below the data directory takes on disk, in bytes, as du counts it; sub is
// empty, or a directory in it, such as "packs".
func (s *Store) DiskUsage(sub string) int64 {
	s.t.Helper()
	out := s.Run(s.Command("du", "-s", "--block-size=1", filepath.Join(s.Data, sub)))
	size, err := strconv.ParseInt(strings.Fields(out)[0], 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return size
}
