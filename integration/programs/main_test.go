// Package programs_test runs programs that people use in a mount of the built pfsd, as whoever runs the tests and as a user
// without rights. PFSD_BIN names the binary, else one is built; PFSD_FULL=1 asks for the large runs.
package programs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Remove()
	os.Exit(code)
}

// again is set in the environment of the tests that TestAsUser runs.
const again = "PFSD_PROGRAMS_AGAIN"

// scale returns a count for the run as another user, for the usual one, or for the large one.
func scale(asUser, usual, large int) int {
	switch {
	case harness.Full():
		return large
	case os.Getenv(again) != "":
		return asUser
	}
	return usual
}

// needs skips the test unless all programs are installed.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
}

// place is a directory in a mount, and a store around it.
type place struct {
	*harness.Store
	t     *testing.T
	mount *harness.Mount
}

// newPlace mounts a branch of a new store.
func newPlace(t *testing.T) *place {
	t.Helper()
	s := harness.New(t)
	return &place{Store: s, t: t, mount: s.Mount("master.work", "--create")}
}

// sh runs a shell script in the mount, with pairs NAME=VALUE in its environment, and returns what it prints.
func (p *place) sh(script string, env ...string) string {
	p.t.Helper()
	cmd := p.Command("sh", "-euc", script)
	cmd.Dir = p.mount.Dir
	cmd.Env = append(cmd.Env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "OUTSIDE="+p.Dir)
	cmd.Env = append(cmd.Env, env...)
	return p.Run(cmd)
}

// goRoot returns where the Go toolchain is: a tree of real files.
func goRoot(t *testing.T) string {
	t.Helper()
	needs(t, "go")
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestAsUser runs the other tests of this package as a user without rights, whose mounts go through fusermount3.
func TestAsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user; as a user all tests are this one")
	}
	needs(t, "fusermount3", "unshare", "setpriv")
	home := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir := home; dir != "/"; dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755) // The user has to get through; some are not ours to change.
	}
	// Where /dev/fuse is for root alone, a mount namespace of its own has one for everybody, as distributions do.
	device := filepath.Join(filepath.Dir(home), "fuse")
	if err := unix.Mknod(device, unix.S_IFCHR|0o666, int(unix.Mkdev(10, 229))); err != nil {
		t.Skip(err)
	}
	if err := os.Chmod(device, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-euc", `
		mount --bind "$DEVICE" /dev/fuse
		cp "$SELF" "$HOME/programs.test" && cp "$PFSD" "$HOME/pfsd" && chown -R 65534:65534 "$HOME" && cd "$HOME"
		PFSD_BIN=$HOME/pfsd exec setpriv --reuid 65534 --regid 65534 --clear-groups "$HOME/programs.test" -test.v`)
	cmd.Env = append(os.Environ(), again+"=1",
		"DEVICE="+device, "SELF="+os.Args[0], "PFSD="+harness.Binary(t), "HOME="+home, "TMPDIR="+home)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
