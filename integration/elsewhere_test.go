package integration_test

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// TestUnmountShownElsewhere ends mounts that are shown a second time: by a bind mount, in another mount namespace, and in one
// after umount(8) has taken the first place away. pfsd umount returns when all is committed, and the other place fails.
func TestUnmountShownElsewhere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("bind mounts and namespaces are for root")
	}
	for _, c := range []struct{ name, show string }{
		{"bind mount", `mount --bind "$M" other; echo shown; read end || :; ! cat other/file 2>/dev/null; umount other`},
		{"namespace", `exec unshare --mount --propagation private sh -euc 'echo shown; read end || :; ! cat "$M/file" 2>/dev/null'`},
		{"after umount", `exec unshare --mount --propagation private sh -euc '
			nsenter --target $PPID --mount umount "$M"; echo shown; read end || :; ! cat "$M/file" 2>/dev/null'`},
	} {
		for _, host := range []string{"alone", "guest"} {
			t.Run(c.name+", "+host, func(t *testing.T) {
				s := harness.New(t)
				if host == "guest" {
					s.S3()
				}
				m := s.Mount("master.own", "--create")
				s.Run(s.Command("sh", "-c", "mkdir other; echo bytes >"+m.Path("file")))
				shows := s.Command("sh", "-euc", c.show)
				shows.Env = append(shows.Env, "M="+m.Dir)
				end := startShowing(t, shows)
				s.Pfsd("umount", m.Dir)
				if code := m.Wait(); code != 0 {
					t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
				}
				if got := s.Pfsd("cat", "master.own:/file"); strings.TrimSpace(got) != "bytes" {
					t.Errorf("the store has %q", got)
				}
				end()
			})
		}
	}
}

// mapping is a program that changes a mapped file in the directory that it is given, and waits for the end of its input.
const mapping = `
import mmap, os, sys
f = os.open(sys.argv[1] + "/mapped", os.O_RDWR | os.O_CREAT)
os.ftruncate(f, 8 << 20)
m = mmap.mmap(f, 8 << 20)
m[:] = b"x" * (8 << 20)
print("shown", flush=True)
sys.stdin.read()
`

// TestUnmountOfMappedElsewhere ends mounts that are shown a second time, where a program has changed a mapped file: all that it
// changed before is committed.
func TestUnmountOfMappedElsewhere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("bind mounts and namespaces are for root")
	}
	for name, show := range map[string]string{
		"bind mount": `mkdir other; mount --bind "$M" other; python3 -c "$MAPS" other; umount other`,
		"namespace":  `exec unshare --mount --propagation private python3 -c "$MAPS" "$M"`,
		"after umount": `exec unshare --mount --propagation private sh -euc '
			nsenter --target $PPID --mount umount "$M"; exec python3 -c "$MAPS" "$M"'`,
	} {
		t.Run(name, func(t *testing.T) {
			s := harness.New(t)
			m := s.Mount("master.own", "--create")
			shows := s.Command("sh", "-euc", show)
			shows.Env = append(shows.Env, "M="+m.Dir, "MAPS="+mapping)
			end := startShowing(t, shows)
			s.Pfsd("umount", m.Dir)
			if code := m.Wait(); code != 0 {
				t.Errorf("the mount ends with exit code %d\n%s", code, m.Stderr())
			}
			if got := s.Pfsd("cat", "master.own:/mapped"); got != strings.Repeat("x", 8<<20) {
				t.Errorf("the store has %d bytes, %d of them right", len(got), strings.Count(got, "x"))
			}
			end()
		})
	}
}

// startShowing starts a command and returns when it has said that it shows a mount. The command goes on until end is called.
func startShowing(t *testing.T, shows *exec.Cmd) (end func()) {
	t.Helper()
	in, err := shows.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := shows.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shows.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("shown\n"))); err != nil {
		t.Error(err)
	}
	return func() {
		in.Close()
		if err := shows.Wait(); err != nil {
			t.Errorf("the other place: %v", err)
		}
	}
}
