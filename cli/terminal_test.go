package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal returns both ends of a pseudo-terminal: what a program prints to the second is read from the first.
func openTerminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, tty
}

// onScreen runs a command that must succeed with its output on a terminal, and returns what is to be seen there. env are
// variables besides PFSD_DATA.
func onScreen(t *testing.T, data string, env map[string]string, args ...string) string {
	t.Helper()
	screen, tty := openTerminal(t)
	seen := make(chan string)
	go func() {
		// When nobody has the other end open any more, reading ends in an error.
		text, _ := io.ReadAll(screen)
		seen <- string(text)
	}()
	var stderr bytes.Buffer
	p := newProgram(data, nil, tty, &stderr)
	getenv := p.getenv
	p.getenv = func(name string) string {
		if value, found := env[name]; found {
			return value
		}
		return getenv(name)
	}
	code := p.run(t.Context(), append([]string{"pfsd"}, args...))
	tty.Close()
	text := strings.ReplaceAll(<-seen, "\r\n", "\n")
	if code != exitOK {
		t.Fatalf("pfsd %s: %d\n%s", strings.Join(args, " "), code, stderr.String())
	}
	return text
}

// TestColoursAndPager looks at what is printed on a terminal, and elsewhere.
func TestColoursAndPager(t *testing.T) {
	data, local := newHost(t), t.TempDir()
	ok(t, data, "", "repo", "create", "r")
	commit := id(t, data, "1", "put", "-", "r:/d/f")
	paged := filepath.Join(local, "paged")
	pager := "tee " + paged
	yellow, blue := "\x1b[33m"+commit+"\x1b[0m", "\x1b[1;34md\x1b[0m/"
	plain := map[string]string{"PAGER": "cat"}
	for _, c := range []struct {
		name string
		env  map[string]string
		args string
		// want is to be seen, and not unwanted.
		want, unwanted string
		paged          bool
	}{
		{"log", plain, "log -n 1 r", yellow, "", false},
		{"ls", plain, "ls r", blue + "\n", "", false},
		{"diff", plain, "diff r", "\x1b[32mA\x1b[0m", "", false},
		{"tree", plain, "tree r", "└── " + blue, "", false},
		{"without colours", map[string]string{"PAGER": "cat", "NO_COLOR": "1"}, "log -n 1 r", commit, "\x1b", false},
		{"on a dumb terminal", map[string]string{"PAGER": "cat", "TERM": "dumb"}, "ls r", "d/\n", "\x1b", false},
		{"as JSON", map[string]string{"PAGER": pager}, "log --json -n 1 r", `"` + commit + `"`, "\x1b", false},
		{"through PAGER", map[string]string{"PAGER": pager}, "log -n 1 r", yellow, "", true},
		{"through PFSD_PAGER", map[string]string{"PFSD_PAGER": pager, "PAGER": "false"}, "show r", yellow, "", true},
		{"through a pager that ends early", map[string]string{"PAGER": "true"}, "log r", "", commit, false},
		{"bare ids", plain, "log -q -n 1 r", commit + "\n", "\x1b", false},
		{"not a list", map[string]string{"PAGER": pager}, "stat r:/d/f", "etag:", "\x1b", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_ = os.Remove(paged)
			got := onScreen(t, data, c.env, strings.Fields(c.args)...)
			if !strings.Contains(got, c.want) || c.unwanted != "" && strings.Contains(got, c.unwanted) {
				t.Errorf("to be seen is %q, want %q, not %q", got, c.want, c.unwanted)
			}
			if text, err := os.ReadFile(paged); (err == nil) != c.paged || c.paged && !strings.Contains(got, strings.TrimSpace(string(text))) {
				t.Errorf("the pager got %q, %v", text, err)
			}
		})
	}
	for _, args := range []string{"log r", "ls r", "diff r", "tree r", "show r", "annotate r"} {
		if got := ok(t, data, "", strings.Fields(args)...); strings.Contains(got, "\x1b") || got == "" {
			t.Errorf("%s prints %q where no terminal is", args, got)
		}
	}
}

// TestNamesOnATerminal checks that no name steers the terminal.
func TestNamesOnATerminal(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	id(t, data, "1", "put", "-m", "m\x1b[2J", "-", "r:/a\x1b[31mb")
	for _, args := range []string{"ls r", "tree r", "log r", "show r", "diff --names r", "annotate r", "glob r:/*"} {
		got := onScreen(t, data, map[string]string{"PAGER": "cat", "NO_COLOR": "1"}, strings.Fields(args)...)
		if strings.Contains(got, "\x1b") || !strings.Contains(got, `\x1b`) {
			t.Errorf("%s shows %q", args, got)
		}
	}
}
