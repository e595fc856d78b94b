package integration

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pfsd/integration/harness"
)

// inodeNumbers returns the inode numbers of all that is below a directory, itself included, by path, the kernel having forgotten
// what it knew.
func inodeNumbers(t *testing.T, dir string) map[string]uint64 {
	t.Helper()
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0); err != nil {
		t.Skip("only root can have the kernel forget inodes")
	}
	numbers := map[string]uint64{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st syscall.Stat_t
		if err := syscall.Lstat(path, &st); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		numbers[name] = st.Ino
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

// TestInodeNumbers writes in a mount, and looks at the inode numbers when the kernel has forgotten everything, after renames,
// after the next mount, in a mount of every branch and in commits: what is the same has the same number, and nothing else has.
func TestInodeNumbers(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "data")
	m := s.Mount("data")
	for i := range 20 {
		makeFile(t, m.Path(fmt.Sprintf("dir/sub/f%d", i)), fmt.Sprint(i))
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Link(m.Path("dir/sub/f0"), m.Path("dir/linked")))
	must(os.Symlink("dir", m.Path("symlink")))
	must(syscall.Mkfifo(m.Path("fifo"), 0o600))
	first := inodeNumbers(t, m.Dir)
	if first["dir/linked"] != first["dir/sub/f0"] {
		t.Error("two names of one file have two inode numbers")
	}
	want := func(when string, got map[string]uint64) {
		t.Helper()
		for path, number := range first {
			if now, there := got[path]; !there || now != number {
				t.Errorf("%s: %s is inode %d, and was %d", when, path, now, number)
			}
		}
	}
	want("when the kernel has forgotten them", inodeNumbers(t, m.Dir))

	must(os.Rename(m.Path("dir"), m.Path("elsewhere")))
	renamed := inodeNumbers(t, m.Dir)
	if renamed["elsewhere/sub/f3"] != first["dir/sub/f3"] || renamed["elsewhere"] != first["dir"] {
		t.Error("a renamed directory, or what is in it, has other inode numbers")
	}
	must(os.Rename(m.Path("elsewhere"), m.Path("dir")))
	s.Run(exec.Command("tar", "-C", m.Dir, "-cf", filepath.Join(s.Dir, "0.tar"), "--no-check-device",
		"--listed-incremental="+filepath.Join(s.Dir, "snapshot"), "."))
	s.Run(exec.Command("git", "-C", m.Dir, "init", "-q"))
	s.Run(exec.Command("git", "-C", m.Dir, "add", "dir"))
	head, err := os.ReadFile(m.Path(".pfs/head"))
	must(err)
	commit := m.Path(".pfs/commits/" + strings.TrimSpace(string(head)))
	apart(t, inodeNumbers(t, m.Dir), inodeNumbers(t, commit), inodeNumbers(t, m.Path(".pfs/commits/HEAD")))
	// Programs that compare inode numbers do not take the two for one.
	must(os.WriteFile(m.Path("dir/sub/f1"), []byte("changed"), 0o644))
	if out, err := exec.Command("diff", commit+"/dir/sub/f1", m.Path("dir/sub/f1")).CombinedOutput(); err == nil {
		t.Errorf("diff finds no difference: %s", out)
	}
	s.Run(exec.Command("cp", commit+"/dir/sub/f1", m.Path("dir/sub/f1")))
	s.Run(exec.Command("cp", "-a", commit+"/dir", m.Path("restored")))
	s.Run(exec.Command("mv", m.Path("restored/sub/f2"), m.Path("dir/sub/f2")))
	s.Run(exec.Command("rm", "-r", m.Path("restored")))
	m.Stop()

	m = s.Mount("data")
	second := inodeNumbers(t, m.Dir)
	first["dir/sub/f2"] = second["dir/sub/f2"] // the other one
	want("after the next mount", second)
	dumped := s.Run(exec.Command("tar", "-C", m.Dir, "--exclude=.git", "-cvf", filepath.Join(s.Dir, "1.tar"), "--no-check-device",
		"--listed-incremental="+filepath.Join(s.Dir, "snapshot"), "."))
	for line := range strings.Lines(dumped) {
		if path := strings.TrimSpace(line); !strings.HasSuffix(path, "/") && path != "./dir/sub/f1" && path != "./dir/sub/f2" {
			t.Errorf("tar dumps %s anew", path)
		}
	}
	for line := range strings.Lines(s.Run(exec.Command("git", "-C", m.Dir, "diff-files", "--name-only"))) {
		if path := strings.TrimSpace(line); path != "dir/sub/f1" && path != "dir/sub/f2" {
			t.Errorf("git would read %s again", path)
		}
	}
	m.Stop()
}

// apart fails the test when two of some trees have a number in common.
func apart(t *testing.T, trees ...map[string]uint64) {
	t.Helper()
	seen := map[uint64]string{}
	for i, tree := range trees {
		for path, number := range tree {
			if had, ok := seen[number]; ok && !strings.HasPrefix(had, fmt.Sprint(i, " ")) {
				t.Errorf("%s and %d %s have number %d", had, i, path, number)
			}
			seen[number] = fmt.Sprint(i, " ", path)
		}
	}
}

// TestInodeNumbersOfAllBranches mounts every branch: files that branches share have a number in each, which is the one that they
// have in a mount of the branch, and the directories of repos keep theirs.
func TestInodeNumbersOfAllBranches(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "data")
	s.Pfsd("repo", "create", "more")
	m := s.Mount("data")
	makeFile(t, m.Path("dir/f"), "f")
	m.Stop()
	s.Pfsd("branch", "create", "--from", "data", "side.data")
	s.Pfsd("branch", "create", "--from", "data", "third.data")
	all := s.Mount("--all")
	numbers := inodeNumbers(t, all.Dir)
	seen := map[uint64]string{}
	for path, number := range numbers {
		if had, ok := seen[number]; ok {
			t.Errorf("%s and %s are both inode %d", had, path, number)
		}
		seen[number] = path
	}
	if len(numbers) != 13 {
		t.Errorf("%d paths: %v", len(numbers), numbers)
	}
	apart(t, inodeNumbers(t, all.Path("data/side")), inodeNumbers(t, all.Path("data/side/.pfs/commits/HEAD")),
		inodeNumbers(t, all.Path("data/third/.pfs/commits/HEAD")))
	all.Stop()
	all = s.Mount("--all")
	for path, number := range inodeNumbers(t, all.Dir) {
		if path != "." && numbers[path] != number {
			t.Errorf("%s was inode %d, and is %d after the next mount", path, numbers[path], number)
		}
	}
	all.Stop()
	m = s.Mount("side.data")
	if got := inodeNumbers(t, m.Dir)["dir/f"]; got != numbers["data/side/dir/f"] {
		t.Errorf("by itself, it is inode %d, and %d among all", got, numbers["data/side/dir/f"])
	}
	m.Stop()
}

// makeFile makes a file, and the directories above it.
func makeFile(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
