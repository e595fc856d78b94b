package bench_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"pfsd/integration/harness"
)

func decode(t testing.TB, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// example mounts a file system that go-fuse has as an example, loopback or memfs, and returns its process and where it is. It
// is gone when the test ends.
func example(t testing.TB, s *harness.Store, name string) (pid int, _ string) {
	t.Helper()
	program, dir, behind := filepath.Join(s.Dir, name), filepath.Join(s.Dir, name+".mount"), filepath.Join(s.Dir, name+".files")
	build := exec.Command("go", "build", "-o", program, "github.com/hanwen/go-fuse/v2/example/"+name)
	build.Dir = harness.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, d := range []string{dir, behind} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	original := behind
	if name == "memfs" {
		original = filepath.Join(behind, "file")
	}
	cmd := s.Command(program, dir, original)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if harness.Mounted(t, dir) {
			harness.LazyUnmount(t, dir)
		}
		<-ended
	})
	for !harness.Mounted(t, dir) {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s: %v", name, err)
		default:
		}
	}
	return cmd.Process.Pid, dir
}

// tree makes a tar archive of a source tree, that of Go's standard library up to some number of files, and returns its path.
func tree(t testing.TB, s *harness.Store, files int) string {
	t.Helper()
	archive := filepath.Join(s.Dir, "tree.tar")
	script := fmt.Sprintf("cd \"$(go env GOROOT)/src\" && find . -type f | LC_ALL=C sort | head -n %d | tar -cf %q -T -", files, archive)
	s.Run(s.Command("bash", "-c", script))
	return archive
}
