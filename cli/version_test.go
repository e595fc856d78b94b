package cli

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// id runs a command that must succeed and print one id.
func id(t *testing.T, data, stdin string, args ...string) string {
	t.Helper()
	out := strings.TrimSpace(ok(t, data, stdin, args...))
	if len(out) != 32 {
		t.Fatalf("pfsd %s printed %q, not an id", strings.Join(args, " "), out)
	}
	return out
}

// newHost returns a data directory with a process that holds its store, which makes commands quick.
func newHost(t *testing.T) string {
	t.Helper()
	data := newData(t)
	_, end := startDoor(t, data, "serve")
	t.Cleanup(func() {
		if r := end(); r.code != exitOK || r.stderr != madeLine(data) {
			t.Errorf("the host ended with %+v", r)
		}
	})
	return data
}

// TestVersionsRefused checks that what cannot be done fails in one line that names the thing and the remedy, and changes
// nothing.
func TestVersionsRefused(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	id(t, data, "1", "put", "-", "r:/f")
	ok(t, data, "", "branch", "create", "--from", "r", "b.r")
	ok(t, data, "", "branch", "create", "alone.r")
	id(t, data, "2", "put", "-", "b.r:/f")
	id(t, data, "3", "put", "-", "r:/f")
	ok(t, data, "", "tag", "create", "v1.r")
	open := id(t, data, "", "commit", "start", "r")
	done := id(t, data, "", "commit", "start", "r")
	ok(t, data, "", "commit", "finish", done+".r")
	state := func() string {
		return ok(t, data, "", "repo", "inspect", "--json", "r") + ok(t, data, "", "log", "r") + ok(t, data, "", "log", "b.r")
	}
	id(t, data, "", "mkdir", "-p", "r:/dir/f")
	before := state()
	for _, c := range []struct {
		name, args string
		code       int
		says       string
	}{
		{"unknown source", "merge x.r r", exitFailure, "x.r: no such branch"},
		{"unknown target", "merge r x.r", exitFailure, "x.r: no such branch"},
		{"part of no id", "show 0123456789abcdef.r", exitFailure, "0123456789abcdef.r: no such branch or tag; nor does"},
		{"part of no id on a branch", "show 0123456789abcdef.master.r", exitFailure, "no such commit; see the commits"},
		{"part of an id on another branch", "show " + done[:12] + ".b.r", exitFailure, "no such commit"},
		{"part of an id as a name", "branch delete " + done[:12] + ".r", exitFailure, "no such branch"},
		{"part of an id to write to", "put version_test.go " + done[:12] + ".r", exitFailure, "only a branch can be changed"},
		{"two sides", "merge --ours --theirs b.r r", exitUsage, "exclude one another"},
		{"conflict", "merge b.r r", exitFailure, "--ours or --theirs"},
		{"merge into itself", "merge r master.r", exitFailure, "cannot be merged into itself: name another"},
		{"merge of an open commit", "merge " + open + ".r r", exitFailure, "finish it first, with pfsd commit finish"},
		{"tag of an open commit", "tag create --from " + open + ".r new.r", exitFailure, "finish it first"},
		{"log of a path that never was", "log r:/none", exitFailure, "master.r:/none: no such file: no commit in this history has it"},
		{"file over a directory", "cp r:/f r:/dir", exitFailure, "master.r:/dir/f: already exists: only one of the two is a directory: remove it first"},
		{"no common history", "merge alone.r r", exitFailure, "no commit in common"},
		{"merge into a tag", "merge b.r v1.r", exitFailure, "only a branch can be changed"},
		{"merge into a commit", "merge b.r r^", exitFailure, "not the name of a branch"},
		{"revert without a branch", "revert " + done + ".r", exitFailure, "--on BRANCH.REPO"},
		{"cherry-pick of nothing", "cherry-pick " + strings.Repeat("0", 31) + "1.r r", exitFailure, "pfsd log"},
		{"reset to nothing", "reset r master~99.r", exitFailure, "master~99.r"},
		{"reset of a commit", "reset r^ r", exitFailure, "BRANCH.REPO"},
		{"reset to another repo", "reset r other", exitFailure, "other is not in the repo r"},
		{"branch from another repo", "branch create --from other new.r", exitFailure, "pfsd cp"},
		{"tag of another repo", "tag create --from other new.r", exitFailure, "other is not in the repo r"},
		{"squash of all", "squash r", exitUsage, "--since ADDRESS"},
		{"squash until a stranger", "squash --since master~1.r --until b.r r", exitFailure, "not in the history"},
		{"squash backwards", "squash --since r --until master~1.r r", exitFailure, "not in the history"},
		{"merge into an open commit", "merge b.r " + open + ".r", exitFailure, "finish it first, then name its branch"},
		{"log of an open commit", "log " + open + ".r", exitFailure, "finish it first"},
		{"diff from before an open commit", "diff " + open + "~99.r r", exitFailure, "no such commit"},
		{"export to what is compressed", "export r x.tar.gz", exitFailure, "not compressed: give - for stdout"},
		{"squash since a stranger", "squash --since b.r r", exitFailure, "not in the history"},
		{"restore from nowhere", "restore r:/f", exitUsage, "--from ADDRESS"},
		{"restore of nothing", "restore --from b.r r:/none", exitFailure, "master.r:/none: no such file"},
		{"finish of a finished commit", "commit finish " + done + ".r", exitFailure, "the commit is finished; start another with: pfsd commit start BRANCH.r"},
		{"finish of a branch", "commit finish r", exitFailure, "pfsd commit list --open"},
		{"abort on another branch", "commit abort " + open + ".b.r", exitFailure, "pfsd log"},
		{"tag that is there", "tag create v1.r", exitFailure, "choose another name"},
		{"tag of a branch's name", "tag create b.r", exitFailure, "choose another name"},
		{"tag of nothing", "tag delete x.r", exitFailure, "x.r: no such tag"},
		{"tag that is a branch", "tag delete b.r", exitFailure, "pfsd tag list r"},
		{"branch that is a tag", "branch delete v1.r", exitFailure, "pfsd tag delete v1.r"},
		{"rename to a taken name", "branch rename b.r alone", exitFailure, "choose another name"},
		{"rename to a bad name", "repo rename r a.b", exitFailure, "letters, digits"},
		{"undelete of what is there", "undelete b.r", exitFailure, "already exists"},
		{"undelete of nothing", "undelete x.r", exitFailure, "see what can be brought back"},
		{"policy that is none", "branch set --keep-automatic often r", exitFailure, "AGE:EVERY"},
		{"nothing to set", "branch set r", exitUsage, "--keep-automatic"},
		{"diff of two paths", "diff r:/a b.r:/b", exitFailure, "one path"},
		{"diff in two forms", "diff --stat --patch r", exitUsage, "exclude one another"},
		{"diff with nothing", "diff r x.r", exitFailure, "x.r"},
		{"show of a path", "show r:/f", exitFailure, "leave out :/f"},
		{"log since whenever", "log --since whenever r", exitUsage, "--since is"},
		{"following a commit", "log --follow r^", exitFailure, "only a branch can be followed"},
		{"copy over a directory", "cp r:/none r:/x", exitFailure, "pfsd ls"},
		{"move between branches", "mv r:/f b.r:/f", exitFailure, "pfsd cp"},
		{"move into nothing", "mv r:/f r:/none/", exitFailure, "pfsd mkdir"},
		{"make what is there", "mkdir r:/f", exitFailure, "-p"},
		{"pattern that is none", "glob r:/[", exitFailure, "syntax error"},
		{"export of nothing", "export r:/none " + filepath.Join(t.TempDir(), "x.tar"), exitFailure, "pfsd ls"},
		{"import of a file", "import version_test.go r", exitFailure, ".tar"},
		{"import of nothing", "import /nonexistent.tar r", exitFailure, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := pfsd(t, data, "", strings.Fields(c.args)...)
			if r.code != c.code || !strings.Contains(r.stderr, c.says) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q in it", r.code, c.code, r.stderr, c.says)
			}
			if strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("stderr is not one line: %q", r.stderr)
			}
		})
	}
	if r := pfsd(t, data, "", "merge", "b.r", "r"); r.stdout != "f\n" {
		t.Errorf("the conflicts are printed as %q", r.stdout)
	}
	if after := state(); after != before {
		t.Errorf("what failed has changed the repo from\n%s\nto\n%s", before, after)
	}
}

func TestDiffForms(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	id(t, data, "one\ntwo\n", "put", "-", "r:/text")
	id(t, data, "\x00\x01", "put", "-", "r:/binary")
	id(t, data, "moved", "put", "-", "r:/from")
	ok(t, data, "", "tag", "create", "v1.r")
	id(t, data, "one\n2\n", "put", "-", "r:/text")
	id(t, data, "\x00\x02\x03", "put", "-", "r:/binary")
	id(t, data, "", "mv", "r:/from", "r:/to")
	id(t, data, "new\n", "put", "-", "r:/new")
	for _, c := range []struct{ form, want string }{
		{"", "M             2             3  binary\nA             -             4  new\n" +
			"M             8             6  text\nR             5             5  from -> to\n"},
		{"--names", "binary\nnew\ntext\nto\n"},
		{"--stat", "1 added, 0 deleted, 2 changed, 1 renamed; 15 B before, 18 B after\n"},
	} {
		args := []string{"diff", "v1.r", "r"}
		if c.form != "" {
			args = append(args, c.form)
		}
		if got := ok(t, data, "", args...); got != c.want {
			t.Errorf("diff %s:\n%s\nwant\n%s", c.form, got, c.want)
		}
	}
	var last struct{ Status, Path string }
	if err := json.Unmarshal([]byte(ok(t, data, "", "diff", "--json", "r")), &last); err != nil || last.Path != "new" {
		t.Errorf("what the last commit changed: %+v, %v", last, err)
	}
	patch := ok(t, data, "", "diff", "--patch", "v1.r:/text", "r")
	local := t.TempDir()
	ok(t, data, "", "get", "v1.r:/text", local)
	tool, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("no patch(1)")
	}
	cmd := exec.Command(tool, "-p1", "-s")
	cmd.Dir, cmd.Stdin = local, strings.NewReader(patch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("patch: %v\n%s\n%s", err, out, patch)
	}
	if got, err := os.ReadFile(filepath.Join(local, "text")); err != nil || string(got) != "one\n2\n" {
		t.Errorf("the patched file is %q, %v", got, err)
	}
}

// TestPatchesOfStrangeNames has patch(1) find the files of a patch whatever they are called.
func TestPatchesOfStrangeNames(t *testing.T) {
	tool, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("no patch(1)")
	}
	data, local := newHost(t), t.TempDir()
	before, after := filepath.Join(local, "before"), filepath.Join(local, "after")
	names := []string{"sp ace/q", "tab\tx", "quote\"q", "back\\s", "ümlaut", "two\nlines", "-dash", "trail ", "del\x7f"}
	was, is := map[string]string{}, map[string]string{}
	for _, name := range names {
		was[name], is[name] = "one\ntwo\n", "one\n2\n"
	}
	writeTree(t, before, was)
	writeTree(t, after, is)
	ok(t, data, "", "repo", "create", "r")
	id(t, data, "", "put", before, "r")
	id(t, data, "", "put", after, "r")
	patch := ok(t, data, "", "diff", "--patch", "r")
	cmd := exec.Command(tool, "-p1", "-s", "-f")
	cmd.Dir, cmd.Stdin = before, strings.NewReader(patch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("patch: %v\n%s\n%s", err, out, patch)
	}
	for _, name := range names {
		if got, err := os.ReadFile(filepath.Join(before, name)); err != nil || string(got) != is[name] {
			t.Errorf("%q is %q after the patch, %v", name, got, err)
		}
	}
}

// writeTree makes local files, by path, of one age.
func writeTree(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnchangedMovesNothing puts and gets a tree again after small changes.
func TestUnchangedMovesNothing(t *testing.T) {
	data, local := newData(t), t.TempDir()
	in, out := filepath.Join(local, "in"), filepath.Join(local, "out")
	writeTree(t, in, map[string]string{"a": "1", "d/b": "22", "d/e/c": "333", "big": strings.Repeat("0123456789", 200_000)})
	if err := os.Symlink("a", filepath.Join(in, "link")); err != nil {
		t.Fatal(err)
	}
	ok(t, data, "", "repo", "create", "r")
	first := id(t, data, "", "put", in, "r")
	if again := ok(t, data, "", "put", in, "r"); again != "" {
		t.Errorf("a put of what is there made the commit %s", again)
	}
	writeTree(t, in, map[string]string{"d/b": "23"})
	second := id(t, data, "", "put", in, "r")
	if names := ok(t, data, "", "diff", "--names", first+".r", second+".r"); names != "d/b\n" {
		t.Errorf("the second put changed %q", names)
	}
	ok(t, data, "", "get", "r", out)
	stay := filepath.Join(out, "big")
	before, err := os.Stat(stay)
	if err != nil {
		t.Fatal(err)
	}
	writeTree(t, out, map[string]string{"a": "x"})
	if err := os.Remove(filepath.Join(out, "d", "e", "c")); err != nil {
		t.Fatal(err)
	}
	ok(t, data, "", "get", "r", out)
	if after, err := os.Stat(stay); err != nil || !os.SameFile(before, after) {
		t.Errorf("a file that was there has been written again: %v", err)
	}
	if a, b := listing(t, in), listing(t, out); !slices.Equal(a, b) {
		t.Errorf("put\n%s\ngot\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
}

// TestArchives takes a tree through an archive, and through tar(1) where there is one.
func TestArchives(t *testing.T) {
	data, local := newData(t), t.TempDir()
	in, out := filepath.Join(local, "in"), filepath.Join(local, "out")
	long := strings.Repeat("long/", 60) + "name"
	writeTree(t, in, map[string]string{"a": "1", "d/b": strings.Repeat("x", 1<<20), long: "2", "empty": ""})
	if err := os.Symlink("../a", filepath.Join(in, "d", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(in, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	old := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	for _, name := range []string{"d", "a"} {
		if err := os.Chtimes(filepath.Join(in, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(local, "r.tar")
	ok(t, data, "", "repo", "create", "r")
	id(t, data, "", "import", in, "r")
	ok(t, data, "", "export", "r", archive)
	ok(t, data, "", "repo", "create", "s")
	id(t, data, "", "import", "-m", "from tar", archive, "s:/sub")
	if lines := ok(t, data, "", "log", "-q", "s"); strings.Count(lines, "\n") != 2 {
		t.Errorf("an import is not one commit: %s", lines)
	}
	if again := ok(t, data, ok(t, data, "", "export", "s:/sub", "-"), "import", "-", "s:/sub"); again != "" {
		t.Errorf("an import of what is there made the commit %s", again)
	}
	ok(t, data, "", "export", "s:/sub", out)
	want := listing(t, in)
	if got := listing(t, out); !slices.Equal(got, want) {
		t.Errorf("imported\n%s\nexported\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	if info, err := os.Stat(filepath.Join(out, "d")); err != nil || !info.ModTime().Equal(old) {
		t.Errorf("the directory's time is %v, want %v", info.ModTime(), old)
	}
	if tool, err := exec.LookPath("tar"); err == nil {
		unpacked := t.TempDir()
		if out, err := exec.Command(tool, "-C", unpacked, "-xf", archive).CombinedOutput(); err != nil {
			t.Fatalf("tar: %v\n%s", err, out)
		}
		if got := listing(t, unpacked); !slices.Equal(got, want) {
			t.Errorf("tar made\n%s\nof\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestHostileArchives imports what leads out of the directory, or ends too early.
func TestHostileArchives(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	archive := func(heads ...*tar.Header) string {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range heads {
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, strings.Repeat("x", int(h.Size))); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	good := &tar.Header{Name: "/abs/./file", Mode: 0o644, Size: 3, Typeflag: tar.TypeReg}
	for name, text := range map[string]string{
		"a path upwards": archive(good, &tar.Header{Name: "d/../../x", Typeflag: tar.TypeReg}),
		"a link upwards": archive(good, &tar.Header{Name: "l", Linkname: "../x", Typeflag: tar.TypeLink}),
		"a link to none": archive(good, &tar.Header{Name: "l", Linkname: "none", Typeflag: tar.TypeLink}),
		"cut off":        archive(good)[:513],
		"without an end": archive(good)[:1024],
	} {
		if r := pfsd(t, data, text, "import", "-", "r"); r.code != exitFailure || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if out := ok(t, data, "", "ls", "r"); out != "" {
		t.Errorf("what failed was imported: %s", out)
	}
	linked := archive(good, &tar.Header{Name: "again", Linkname: "abs/file", Typeflag: tar.TypeLink, Mode: 0o600})
	id(t, data, linked, "import", "-", "r:/in")
	if got := ok(t, data, "", "cat", "r:/in/again", "r:/in/abs/file"); got != "xxxxxx" {
		t.Errorf("the files are %q", got)
	}
}

// TestScriptsOutput pins what scripts read.
func TestScriptsOutput(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	commit := id(t, data, "12345", "put", "-m", "message", "-", "r:/d/f")
	ok(t, data, "", "tag", "create", "v1.r")
	open := id(t, data, "", "commit", "start", "r")
	for args, want := range map[string]string{
		"repo list -q":             "r\n",
		"branch list -q":           "master.r\n",
		"tag list -q r":            "v1.r\n",
		"commit list -q --open r":  open + "\n",
		"log -q -n 1 r":            commit + "\n",
		"glob r:/*/f":              "d/f\n",
		"tree r":                   "master.r\n└── d/\n    └── f\n\n1 directories, 1 file\n",
		"diff --names master^.r r": "d/f\n",
		"cherry-pick master.r r":   commit + "\n",
		"merge v1.r r":             commit + "\n",
		"restore --from r r:/d":    "",
		"branch set --keep-automatic forever --dry-run r": "",
	} {
		if got := ok(t, data, "", strings.Fields(args)...); got != want {
			t.Errorf("%s prints %q, want %q", args, got, want)
		}
	}
	for _, args := range []string{
		"repo inspect r", "branch inspect r", "tag list", "commit list r", "commit inspect r", "show r", "diff r", "diff --stat r",
		"annotate r", "du r", "tree r", "glob r:/**", "merge v1.r r", "log r",
	} {
		out := ok(t, data, "", append(strings.Fields(args), "--json")...)
		for line := range strings.Lines(out) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: %q is not JSON", args, line)
			}
		}
		if out == "" {
			t.Errorf("%s prints nothing", args)
		}
	}
	want := []string{"1", "5", "5", "5", "0", "0", "master.r"}
	if got := strings.Fields(ok(t, data, "", "du", "r")); !slices.Equal(got[7:], want) {
		t.Errorf("du: %v", got)
	}
}

// TestNamesAsJSON checks that what makes, renames, removes and brings back names prints one JSON object about it.
func TestNamesAsJSON(t *testing.T) {
	data := newHost(t)
	for _, c := range []struct{ args, key, want string }{
		{"repo create r", "name", "r"},
		{"branch create --from r b.r", "name", "b"},
		{"branch rename b.r c", "name", "c"},
		{"tag create v1.r", "name", "v1"},
		{"tag delete v1.r", "name", "v1"},
		{"undelete v1.r", "name", "v1"},
		{"branch delete c.r", "name", "c"},
		{"undelete c.r", "repo", "r"},
		{"repo rename r s", "name", "s"},
		{"repo delete --force s", "name", "s"},
		{"undelete s", "repo", "s"},
	} {
		var got map[string]any
		out := ok(t, data, "", append(strings.Fields(c.args), "--json")...)
		if err := json.Unmarshal([]byte(out), &got); err != nil || got[c.key] != c.want || strings.Count(out, "\n") != 1 {
			t.Errorf("pfsd %s --json printed %q (%v), want the %s %s in one line", c.args, out, err, c.key, c.want)
		}
	}
	id(t, data, "four", "put", "-", "s:/dir/f")
	open := id(t, data, "", "commit", "start", "s")
	if out := ok(t, data, "", "commit", "abort", "--json", open+".s"); !strings.Contains(out, `"id":"`+open+`"`) {
		t.Errorf("abort printed %q", out)
	}
	if out := ok(t, data, "", "branch", "inspect", "--json", "s"); !strings.Contains(out, `"totals":{"files":1,"dirs":1,"bytes":4,`) {
		t.Errorf("the totals are printed as %q", out)
	}
}

// TestLogLineIsOneLine has a message of several lines.
func TestLogLineIsOneLine(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	commit := id(t, data, "", "put", "-m", "first\nsecond", "-", "r:/f")
	for _, args := range []string{"log -n 1 r", "log -n1 r"} {
		out := ok(t, data, "", strings.Fields(args)...)
		if !strings.HasPrefix(out, commit) || !strings.HasSuffix(out, "  first\n") || strings.Count(out, "\n") != 1 {
			t.Errorf("pfsd %s printed %q", args, out)
		}
	}
	if out := ok(t, data, "", "commit", "inspect", "r"); !strings.Contains(out, "first\nsecond") {
		t.Errorf("commit inspect printed %q, without the whole message", out)
	}
}

// TestImportOfALoneSymlink has an archive that begins with a link in a directory without an entry.
func TestImportOfALoneSymlink(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "link", Linkname: "../../else"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	id(t, data, archive.String(), "import", "-", "r:/new/dir")
	if out := ok(t, data, "", "stat", "--json", "r:/new/dir/link"); !strings.Contains(out, `"../../else"`) {
		t.Errorf("the link is %q", out)
	}
}

func TestHelpOfAGroup(t *testing.T) {
	data := newData(t)
	for _, args := range []string{"help repo", "repo --help", "repo"} {
		if out := ok(t, data, "", strings.Fields(args)...); !strings.Contains(out, "inspect") || !strings.Contains(out, "delete a repo") {
			t.Errorf("pfsd %s does not tell of what is below it: %s", args, out)
		}
	}
	if out := ok(t, data, "", "help", "repo", "create"); !strings.Contains(out, "pfsd repo create [--json] REPO") {
		t.Errorf("pfsd help repo create prints %s", out)
	}
}

// TestBranchOfAnOpenCommit deletes the branch of an open commit, then its repo, and brings them back.
func TestBranchOfAnOpenCommit(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	ok(t, data, "", "branch", "create", "b.r")
	open := id(t, data, "", "commit", "start", "b.r")
	ok(t, data, "1", "put", "-", open+".r:/f")
	ok(t, data, "", "branch", "delete", "b.r")
	r := pfsd(t, data, "", "commit", "finish", open+".r")
	if r.code != exitFailure || !strings.HasPrefix(r.stderr, "pfsd: b.r: no such branch") || !strings.Contains(r.stderr, "pfsd undelete") ||
		strings.Contains(r.stderr, "branch create") || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
	ok(t, data, "", "undelete", "b.r")
	ok(t, data, "", "repo", "delete", "--force", "r")
	ok(t, data, "", "undelete", "r")
	if got := id(t, data, "", "commit", "finish", open+".r"); got != open {
		t.Errorf("the commit is %s, want %s", got, open)
	}
	if got := ok(t, data, "", "cat", "b.r:/f"); got != "1" {
		t.Errorf("the file is %q", got)
	}
}

// TestErrorsNameWhatWasTyped has versions that commands look up once, and files that they write under other names first.
func TestErrorsNameWhatWasTyped(t *testing.T) {
	data, local := newHost(t), t.TempDir()
	ok(t, data, "", "repo", "create", "r")
	id(t, data, "1", "put", "-", "r:/f")
	if err := os.Mkdir(filepath.Join(local, "f"), 0o700); err != nil {
		t.Fatal(err)
	}
	for args, says := range map[string]string{
		"get r:/none " + local:                 "pfsd: master.r:/none: no such file",
		"get r@master~1:/none " + local:        "pfsd: master~1.r:/none: no such file",
		"tree r:/none":                         "pfsd: master.r:/none: no such file",
		"export r " + local + "/none/x.tar":    "pfsd: " + local + "/none/x.tar: no such file",
		"get r " + local:                       "pfsd: " + local + "/f: ",
		"put " + local + "/none r:/x":          "pfsd: stat " + local + "/none: no such file",
		"import " + local + "/none/x.tar r:/x": "pfsd: open " + local + "/none/x.tar: no such file",
	} {
		r := pfsd(t, data, "", strings.Fields(args)...)
		if r.code != exitFailure || !strings.HasPrefix(r.stderr, says) || strings.Contains(r.stderr, ".pfsd-") {
			t.Errorf("%s: exit code %d: %s", args, r.code, r.stderr)
		}
	}
}
