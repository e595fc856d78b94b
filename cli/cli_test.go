package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// result is what a command did.
type result struct {
	code           int
	stdout, stderr string
}

// pfsd runs a command on the data directory data.
func pfsd(t *testing.T, data, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := newProgram(data, strings.NewReader(stdin), &stdout, &stderr).run(t.Context(), append([]string{"pfsd"}, args...))
	return result{code, stdout.String(), stderr.String()}
}

func newProgram(data string, stdin io.Reader, stdout, stderr io.Writer) *program {
	level := new(slog.LevelVar)
	return &program{
		stdin: stdin, stdout: stdout, stderr: stderr, level: level,
		log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
		getenv: func(name string) string {
			if name == "PFSD_DATA" {
				return data
			}
			return ""
		},
	}
}

// ok runs a command that must succeed and returns its output.
func ok(t *testing.T, data, stdin string, args ...string) string {
	t.Helper()
	r := pfsd(t, data, stdin, args...)
	if r.code != exitOK || r.stderr != "" && r.stderr != madeLine(data) {
		t.Fatalf("pfsd %s: %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// madeLine is what a command says on stderr that has made the store in data.
func madeLine(data string) string { return "pfsd: made a new store in " + data + "\n" }

func newData(t *testing.T) string { return filepath.Join(t.TempDir(), "data") }

func TestExitCodes(t *testing.T) {
	data := newData(t)
	ok(t, data, "", "repo", "create", "r")
	ok(t, data, "text", "put", "-", "r:/dir/f")
	for _, c := range []struct {
		name string
		args []string
		code int
		// says is part of the one line on stderr.
		says string
	}{
		{"no command", nil, exitOK, ""},
		{"help", []string{"help", "mount"}, exitOK, ""},
		{"help of a command", []string{"branch", "create", "--help"}, exitOK, ""},
		{"version", []string{"version"}, exitOK, ""},
		{"unknown command", []string{"frob"}, exitUsage, `there is no command "frob"`},
		{"help on an unknown command", []string{"help", "frob"}, exitUsage, `there is no command "frob"; see: pfsd --help`},
		{"help on a command below another", []string{"help", "repo", "create"}, exitOK, ""},
		{"empty repo", []string{"repo", "create", ""}, exitFailure, `"" is no name`},
		{"mount without an argument", []string{"mount"}, exitUsage, "ADDRESS DIR, or pfsd mount --all"},
		{"mount on a name that is empty", []string{"mount", "r", ""}, exitUsage, "the directory to mount on is empty"},
		{"serve on a name that is empty", []string{"serve", "--mount", "r="}, exitUsage, "the directory to mount on is empty"},
		{"unknown subcommand", []string{"repo", "frob"}, exitUsage, "see: pfsd repo --help"},
		{"unknown flag", []string{"ls", "--frob", "r"}, exitUsage, "see: pfsd ls --help"},
		{"unknown global flag", []string{"--frob", "ls", "r"}, exitUsage, "frob"},
		{"flag without its value", []string{"log", "r", "-n"}, exitUsage, "see: pfsd log --help"},
		{"flag that is no number", []string{"log", "-n", "x", "r"}, exitUsage, "see: pfsd log --help"},
		{"flag out of range", []string{"log", "-n", "0", "r"}, exitUsage, "at least 1"},
		{"missing argument", []string{"cat"}, exitUsage, "an argument is missing"},
		{"too many arguments", []string{"ls", "r", "s"}, exitUsage, "too many arguments"},
		{"malformed repo", []string{"repo", "create", "a.b"}, exitFailure, "a.b is no name: a name is 1 to 63 letters, digits"},
		{"malformed address", []string{"ls", "a.b.c.d"}, exitFailure, "a.b.c.d is no address: an address is"},
		{"malformed path", []string{"cat", "r:/a//b"}, exitFailure, "r:/a//b is no path: no name in a path is empty"},
		{"path outside", []string{"get", "r:/../x"}, exitFailure, "r:/../x is no path"},
		{"path of a dot", []string{"rm", "r:/./x"}, exitFailure, "r:/./x is no path"},
		{"long name", []string{"ls", "r:/" + strings.Repeat("n", 256)}, exitFailure, "a name has at most 255 bytes"},
		{"long path", []string{"ls", "r:/" + strings.Repeat("n/", 4050)}, exitFailure, "a path has at most 8,000 bytes"},
		{"path that is not text", []string{"ls", "r:/\xff\n"}, exitFailure, `"r:/\xff\n" is no path: names are UTF-8`},
		{"path where none is", []string{"merge", "r:/f", "r"}, exitFailure, "r:/f has a path, where a version alone is meant: leave out :/f"},
		{"no repo", []string{"ls", "b."}, exitFailure, "b. is no address"},
		{"malformed ancestry", []string{"ls", "r^x"}, exitFailure, "r^x is no address: ancestry is written"},
		{"malformed memory", []string{"--memory", "lots", "ls", "r"}, exitUsage, "--memory"},
		{"malformed level", []string{"ls", "r", "--log", "loud"}, exitUsage, "--log"},
		{"branch that is a commit", []string{"branch", "delete", "r^"}, exitFailure, "BRANCH.REPO"},
		{"keys that are half", []string{"s3", "--access-key", "k"}, exitUsage, "go together"},
		{"etag of another kind", []string{"s3", "--etag", "md5"}, exitUsage, "plain or dash"},
		{"mount without a directory", []string{"serve", "--mount", "r"}, exitUsage, "ADDRESS=DIR"},
		{"several files to no directory", []string{"put", "app.go", "doc.go", "r:/new"}, exitFailure, "end it with a /"},
		{"stdin without a name", []string{"put", "-", "r:/dir"}, exitFailure, "stdin has no name"},
		{"missing repo", []string{"ls", "x"}, exitFailure, "make it with: pfsd repo create x"},
		{"missing branch", []string{"ls", "x.r"}, exitFailure, "make it with: pfsd branch create x.r"},
		{"missing commit", []string{"ls", "master~9.r"}, exitFailure, "pfsd log"},
		{"missing file", []string{"cat", "r:/x"}, exitFailure, "master.r:/x: no such file; see what is there with: pfsd ls"},
		{"missing directory", []string{"ls", "r:/x"}, exitFailure, "master.r:/x: no such file"},
		{"missing file to move", []string{"mv", "r:/x", "r:/y"}, exitFailure, "master.r:/x: no such file"},
		{"missing source", []string{"put", "/nonexistent", "r:/x"}, exitFailure, "no such file"},
		{"directory", []string{"cat", "r:/dir"}, exitFailure, "master.r:/dir: is a directory; name a file"},
		{"directory below a file", []string{"mkdir", "r:/dir/f/x"}, exitFailure, "master.r:/dir/f: not a directory; nothing can be below"},
		{"move into itself", []string{"mv", "r:/dir", "r:/dir/x"}, exitFailure, "master.r:/dir: invalid argument: it cannot be moved into itself"},
		{"tree of nothing", []string{"tree", "r:/x"}, exitFailure, "master.r:/x: no such file"},
		{"diff of nothing", []string{"diff", "r:/x"}, exitFailure, "master.r:/x: no such file"},
		{"directory to remove", []string{"rm", "r:/dir"}, exitFailure, "master.r:/dir: is a directory: remove it, with"},
		{"root to remove", []string{"rm", "r"}, exitFailure, "master.r: is a directory"},
		{"repo with files", []string{"repo", "delete", "r"}, exitFailure, "--force"},
		{"read-only version", []string{"rm", "r^:/x"}, exitFailure, "only a branch can be changed"},
		{"not a mount", []string{"umount", "."}, exitFailure, "not a mount"},
		{"mount on nothing", []string{"mount", "r", "/nonexistent"}, exitFailure, "mkdir"},
		{"mount over the store", []string{"mount", "r", filepath.Dir(data)}, exitFailure, "inside one another"},
		{"mount of a missing repo", []string{"mount", "x", t.TempDir()}, exitFailure, "pfsd repo create x"},
		{"open to others without keys", []string{"s3", "--addr", "0.0.0.0:0"}, exitFailure, "PFSD_ACCESS_KEY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := pfsd(t, data, "", c.args...)
			if r.code != c.code || !strings.Contains(r.stderr, c.says) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q in it", r.code, c.code, r.stderr, c.says)
			}
			if n := strings.Count(r.stderr, "\n"); c.code != exitOK && n != 1 || c.code == exitOK && n != 0 {
				t.Errorf("%d lines on stderr: %q", n, r.stderr)
			}
			if c.code == exitUsage && r.stdout != "" {
				t.Errorf("stdout: %q", r.stdout)
			}
		})
	}
}

// TestEveryCommandHasAnExample looks at the help of all commands.
func TestEveryCommandHasAnExample(t *testing.T) {
	app := newProgram("", nil, io.Discard, io.Discard).app()
	for _, c := range app.Commands {
		all := c.Subcommands
		if len(all) == 0 {
			all = append(all, c)
		}
		for _, c := range all {
			if !strings.Contains(c.Description, "Example") || !strings.Contains(c.Description, "pfsd "+strings.Fields(c.UsageText)[1]) {
				t.Errorf("%s has no example: %q", c.UsageText, c.Description)
			}
			if c.Usage == "" || !strings.HasPrefix(c.UsageText, "pfsd ") {
				t.Errorf("%s has no help", c.Name)
			}
		}
	}
}

func TestArrange(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"ls images", "ls -- images"},
		{"ls images --json", "ls --json -- images"},
		{"ls images --data /d -l", "--data /d ls -l -- images"},
		{"--data=/d ls images", "--data=/d ls -- images"},
		{"log images -n 5 --json", "log -n 5 --json -- images"},
		{"log -n=5 images", "log -n=5 -- images"},
		{"put - images:/x", "put -- - images:/x"},
		{"rm -r -- -images", "rm -r -- -images"},
		{"branch create x.y --from master.y", "branch create --from master.y -- x.y"},
		{"repo list --json", "repo list --json"},
		{"cat log", "cat -- log"},
		{"mount images /m --create", "mount --create -- images /m"},
		{"ls -lR images", "ls -lR -- images"},
		{"log images -n", "log -n -- images"},
	} {
		app := newProgram("", nil, io.Discard, io.Discard).app()
		got := arrange(app, append([]string{"pfsd"}, strings.Fields(c.in)...))
		if want := append([]string{"pfsd"}, strings.Fields(c.want)...); !slices.Equal(got, want) {
			t.Errorf("arrange(%s) = %v, want %v", c.in, got, want)
		}
	}
}

func TestPutAndGetTrees(t *testing.T) {
	data, local := newData(t), t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(local, "in", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "one", 0o644)
	write("sub/tool", "#!/bin/sh\n", 0o755)
	write("sub/zeros", strings.Repeat("\x00", 1<<20)+"end", 0o600)
	if err := os.Symlink("a", filepath.Join(local, "in", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(local, "in", "empty"), 0o750); err != nil {
		t.Fatal(err)
	}
	ok(t, data, "", "repo", "create", "r")
	ok(t, data, "", "put", "-m", "all at once", filepath.Join(local, "in"), "r")
	if lines := ok(t, data, "", "log", "r"); strings.Count(lines, "\n") != 2 || !strings.Contains(lines, "all at once") {
		t.Errorf("a put of a tree is not one commit:\n%s", lines)
	}
	ok(t, data, "", "get", "r", filepath.Join(local, "out"))
	if in, out := listing(t, filepath.Join(local, "in")), listing(t, filepath.Join(local, "out")); !slices.Equal(in, out) {
		t.Errorf("put\n%s\ngot\n%s", strings.Join(in, "\n"), strings.Join(out, "\n"))
	}
	ok(t, data, "", "get", "r:/sub/tool", filepath.Join(local, "renamed"))
	ok(t, data, "", "get", "r:/sub/tool", local)
	for _, name := range []string{"renamed", "tool"} {
		if text, err := os.ReadFile(filepath.Join(local, name)); err != nil || string(text) != "#!/bin/sh\n" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if got := ok(t, data, "", "get", "r:/a", "-"); got != "one" {
		t.Errorf("get to stdout: %q", got)
	}
}

// listing describes all that is below dir.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		line := rel + " " + info.Mode().String()
		switch {
		case d.Type() == os.ModeSymlink:
			target, err := os.Readlink(path)
			lines = append(lines, line+" "+target)
			return err
		case d.Type().IsRegular():
			text, err := os.ReadFile(path)
			lines = append(lines, line+" "+info.ModTime().String()+string(text))
			return err
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestGetStaysInItsDirectory has a symbolic link in the target where the store has a directory.
func TestGetStaysInItsDirectory(t *testing.T) {
	data, local := newData(t), t.TempDir()
	outside := t.TempDir()
	ok(t, data, "", "repo", "create", "r")
	ok(t, data, "text", "put", "-", "r:/d/f")
	if err := os.Symlink(outside, filepath.Join(local, "d")); err != nil {
		t.Fatal(err)
	}
	if r := pfsd(t, data, "", "get", "r", local); r.code != exitFailure {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
	if names, err := os.ReadDir(outside); err != nil || len(names) != 0 {
		t.Errorf("the get wrote outside of its directory: %v, %v", names, err)
	}
}

// TestJSON checks that what --json prints is JSON, a line each, with times in UTC.
func TestJSON(t *testing.T) {
	data := newData(t)
	ok(t, data, "", "repo", "create", "r")
	ok(t, data, "text", "put", "-", "r:/f")
	for _, args := range []string{
		"repo list", "branch list", "log r", "log r:/f", "ls r", "ls -R r", "stat r:/f", "stat r", "status", "fsck", "version",
	} {
		out := ok(t, data, "", append(strings.Fields(args), "--json")...)
		for line := range strings.Lines(out) {
			var value map[string]any
			if err := json.Unmarshal([]byte(line), &value); err != nil {
				t.Errorf("%s: %v in %q", args, err, line)
			}
			for _, key := range []string{"time", "mtime", "created"} {
				if text, isText := value[key].(string); isText && !strings.HasSuffix(text, "Z") {
					t.Errorf("%s: %s is %s", args, key, text)
				}
			}
		}
		if out == "" {
			t.Errorf("%s prints nothing", args)
		}
	}
	var stat struct {
		ETag    string
		Version pfs.CommitID
		Mode    string
		Chunks  []struct{ Offset, Size int64 }
	}
	if err := json.Unmarshal([]byte(ok(t, data, "", "stat", "--json", "r:/f")), &stat); err != nil {
		t.Fatal(err)
	}
	if len(stat.ETag) != 64 || stat.Version.IsZero() || stat.Mode != "0644" || len(stat.Chunks) != 1 || stat.Chunks[0].Size != 4 {
		t.Errorf("stat: %+v", stat)
	}
}

// TestRemedies checks that what is said to do about an error names commands that exist.
func TestRemedies(t *testing.T) {
	app := newProgram("", nil, io.Discard, io.Discard).app()
	for _, kind := range pfs.Kinds() {
		text := remedy(&pfs.Error{Kind: kind, Ref: "b.r"})
		_, command, found := strings.Cut(text, "pfsd ")
		if found && app.Command(strings.Fields(command)[0]) == nil {
			t.Errorf("%v: there is no command as in %q", kind, text)
		}
	}
}

func TestModeString(t *testing.T) {
	for _, c := range []struct {
		kind string
		mode control.Mode
		want string
	}{
		{"file", 0o644, "-rw-r--r--"}, {"dir", 0o1777, "drwxrwxrwt"}, {"file", 0o4755, "-rwsr-xr-x"},
		{"file", 0o2644, "-rw-r-Sr--"}, {"symlink", 0o777, "lrwxrwxrwx"}, {"other", 0, "?---------"},
	} {
		if got := modeString(c.kind, c.mode); got != c.want {
			t.Errorf("modeString(%s, %o) = %s, want %s", c.kind, c.mode, got, c.want)
		}
	}
}

// startDoor runs a command that stays, and returns its ready line, that of its admin listener if it has one, and what ends it.
func startDoor(t *testing.T, data string, args ...string) (ready string, end func() result) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- newProgram(data, nil, w, &stderr).run(ctx, append([]string{"pfsd"}, args...))
		w.Close()
	}()
	line := make([]byte, 4096)
	n, err := r.Read(line)
	for err == nil && slices.Contains(args, "--admin") && !bytes.HasPrefix(line, []byte("ready admin ")) {
		n, err = r.Read(line)
	}
	end = func() result {
		cancel()
		rest, _ := io.ReadAll(r)
		return result{<-code, string(rest), stderr.String()}
	}
	if err != nil {
		t.Fatalf("no ready line: %+v", end())
	}
	return string(line[:n]), end
}

// TestS3Doors has two endpoints on one store, in two roles, and a command beside them.
func TestS3Doors(t *testing.T) {
	data := newData(t)
	first, endFirst := startDoor(t, data, "s3", "--addr", "127.0.0.1:0")
	second, endSecond := startDoor(t, data, "serve", "--s3", "127.0.0.1:0")
	for _, line := range []string{first, second} {
		if !strings.HasPrefix(line, "ready s3 http://127.0.0.1:") {
			t.Errorf("ready line %q", line)
		}
	}
	ok(t, data, "", "repo", "create", "r")
	var status struct{ S3 []struct{ Addr string } }
	if err := json.Unmarshal([]byte(ok(t, data, "", "status", "--json")), &status); err != nil || len(status.S3) != 2 {
		t.Errorf("status: %+v, %v", status, err)
	}
	if r := endSecond(); r.code != exitOK || r.stderr != "" {
		t.Errorf("the guest ended with %+v", r)
	}
	if r := endFirst(); r.code != exitOK || r.stderr != madeLine(data) {
		t.Errorf("the host ended with %+v", r)
	}
	ok(t, data, "", "ls", "r")
}

// TestAdmin asks the admin listeners of a host and of a guest about the store that both serve.
func TestAdmin(t *testing.T) {
	data := newData(t)
	ok(t, data, "", "repo", "create", "r")
	for _, command := range [][]string{{"s3", "--addr", "127.0.0.1:0"}, {"serve"}} {
		ready, end := startDoor(t, data, append(command, "--admin", "127.0.0.1:0")...)
		defer func() {
			if r := end(); r.code != exitOK || r.stderr != "" {
				t.Errorf("%v ended with %+v", command, r)
			}
		}()
		url := strings.TrimSpace(strings.TrimPrefix(ready, "ready admin "))
		for path, want := range map[string]string{"/metrics": "pfsd_repos 1\n", "/debug/pprof/goroutine?debug=1": "runDoors"} {
			if status, body := fetch(t, url+path); status != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%v: %s: %d %s", command, path, status, body)
			}
		}
	}
}

// fetch returns the status and the body of a GET.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// TestGuestTakesOver ends a host in order while a guest's door is open: the guest holds the store from then on, and the door
// answers.
func TestGuestTakesOver(t *testing.T) {
	data := newData(t)
	_, endHost := startDoor(t, data, "s3", "--addr", "127.0.0.1:0")
	line, endGuest := startDoor(t, data, "s3", "--addr", "127.0.0.1:0")
	if r := endHost(); r.code != exitOK || r.stderr != madeLine(data) {
		t.Errorf("the host ended with %+v", r)
	}
	_, url, _ := strings.Cut(strings.TrimSpace(line), "ready s3 ")
	response, err := http.Get(url)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("after the host's end: %+v, %v", response, err)
	}
	if err == nil {
		response.Body.Close()
	}
	if r := endGuest(); r.code != exitOK || r.stderr != "" {
		t.Errorf("the guest ended with %+v", r)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	canceled := &pfs.Error{Kind: pfs.KindCanceled}
	if err := interrupted(ctx, canceled); !errors.Is(err, canceled) {
		t.Errorf("before any signal: %v", err)
	}
	cancel()
	full := &pfs.Error{Kind: pfs.KindNoSpace}
	for _, c := range []struct {
		err  error
		want string
	}{{canceled, "interrupted"}, {context.Canceled, "interrupted"}, {full, full.Error()}} {
		if err := interrupted(ctx, c.err); err.Error() != c.want {
			t.Errorf("%v came out as %v, want %s", c.err, err, c.want)
		}
	}
	if err := interrupted(ctx, nil); err != nil {
		t.Errorf("success came out as %v", err)
	}
}
