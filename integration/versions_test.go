package integration_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// updateReadme has the recorded session in README.md written anew: go test ./integration -run Recorded -update-readme.
var updateReadme = flag.Bool("update-readme", false, "write the recorded session into README.md")

// The marks in README.md around the session.
const (
	sessionBegin = "<!-- session: begin -->\n```console\n"
	sessionEnd   = "```\n<!-- session: end -->"
)

// TestRecordedSession types the commands of README.md's session into a shell, and compares what they print with what
// stands there: once alone, once beside a process that holds the store. Ids and times are replaced.
func TestRecordedSession(t *testing.T) {
	path := filepath.Join(harness.Root(t), "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(readme), sessionBegin)
	recorded, after, ended := strings.Cut(rest, sessionEnd)
	if !found || !ended {
		t.Fatal("README.md has no recorded session")
	}
	lone := harness.New(t)
	lone.Pfsd("repo", "create", "first") // as in the first five minutes; who makes the store is told so
	alone := record(t, lone, recorded)
	if *updateReadme {
		if err := os.WriteFile(path, []byte(before+sessionBegin+alone+sessionEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		recorded = alone
	}
	if alone != recorded {
		t.Errorf("README.md shows\n%s\nand the commands print\n%s", recorded, alone)
	}
	s := harness.New(t)
	s.Start("serve").Ready()
	if beside := record(t, s, recorded); beside != recorded {
		t.Errorf("README.md shows\n%s\nand beside a daemon the commands print\n%s", recorded, beside)
	}
}

// record runs the commands of a session, its lines with a dollar sign, and returns the session as it goes now.
func record(t *testing.T, s *harness.Store, session string) string {
	t.Helper()
	const mark = "--- command"
	var commands []string
	var script strings.Builder
	for line := range strings.Lines(session) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
			commands = append(commands, command)
			fmt.Fprintf(&script, "%s\necho '%s'\n", command, mark)
		}
	}
	work := filepath.Join(s.Dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := s.Command("bash")
	cmd.Dir, cmd.Env = work, s.Env("PFSD_AUTHOR=ann")
	cmd.Stdin = strings.NewReader("exec 2>&1\numask 022\n" + script.String())
	printed := strings.Split(s.Run(cmd), mark+"\n")
	if len(printed) != len(commands)+1 {
		t.Fatalf("%d commands printed %q", len(commands), printed)
	}
	var out strings.Builder
	for i, command := range commands {
		fmt.Fprintf(&out, "$ %s\n%s", command, printed[i])
	}
	return anonymous(out.String())
}

var (
	idPattern   = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	timePattern = regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	endPattern  = regexp.MustCompile(`until ` + timePattern.String())
)

// anonymous replaces ids, in the order in which they come, and times.
func anonymous(session string) string {
	known := map[string]string{}
	session = idPattern.ReplaceAllStringFunc(session, func(id string) string {
		if known[id] == "" {
			known[id] = strings.Repeat(fmt.Sprintf("%02x", 0xa0+len(known)), 16)
		}
		return known[id]
	})
	session = timePattern.ReplaceAllString(session, "2026-05-31T12:00:00Z")
	return endPattern.ReplaceAllString(session, "until 2026-06-03T12:00:00Z")
}

// TestReflogOfACommand resets a branch by commands, each a process of its own: what it leaves is listed, comes back by its
// address, and goes for good when a collection is told to wait for nothing.
func TestReflogOfACommand(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "r")
	var ids []string
	for _, text := range []string{"1", "2", "3"} {
		ids = append(ids, strings.TrimSpace(s.TryInput([]byte(text), "put", "-", "r:/f").Stdout))
	}
	res := s.Try("reset", "r", "master~2.r")
	if res.Code != 0 || strings.TrimSpace(res.Stdout) != ids[0] || !strings.Contains(res.Stderr, "was at "+ids[2]+", which stays until 20") {
		t.Fatalf("the reset: %+v", res)
	}
	if got := strings.Fields(s.Pfsd("reflog", "-q", "r")); len(got) != 5 || got[0] != ids[0] || got[1] != ids[2] || got[2] != ids[1] {
		t.Errorf("reflog printed %q", got)
	}
	if got := s.Pfsd("undelete"); !strings.Contains(got, "commit  "+ids[2]+".r  until 20") || !strings.Contains(got, "left by master.r") {
		t.Errorf("undelete printed %q", got)
	}
	s.Pfsd("gc")
	s.Pfsd("branch", "create", "--from", ids[2]+".r", "back.r")
	if got := s.Pfsd("undelete"); got != "" {
		t.Errorf("with a branch at it undelete printed %q", got)
	}
	s.Pfsd("branch", "delete", "back.r")
	s.Pfsd("gc", "--grace", "0s")
	if got := s.Pfsd("reflog", "r"); !strings.Contains(got, ids[2]+"  -  ") || !strings.Contains(got, "gone") {
		t.Errorf("after a collection reflog printed %q", got)
	}
	s.Pfsd("fsck", "--deep")
}

// TestFollowBesideADaemon has a log followed by one process while others make commits.
func TestFollowBesideADaemon(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "r")
	s.Start("serve").Ready()
	cmd := s.Command("bash", "-c", "set -o pipefail; timeout 120 pfsd log --follow -q -n 1 r | head -n 3")
	lines := make(chan string, 1)
	go func() {
		out, _ := cmd.Output()
		lines <- string(out)
	}()
	var want []string
	for i := 0; ; i++ {
		select {
		case got := <-lines:
			ids := strings.Fields(got)
			if len(ids) != 3 || !strings.Contains(strings.Join(want, " "), strings.Join(ids[1:], " ")) {
				t.Errorf("log --follow printed %v of %v", ids, want)
			}
			return
		default:
			out := s.TryInput([]byte(fmt.Sprint(i)), "put", "-", "r:/f")
			want = append(want, strings.TrimSpace(out.Stdout))
		}
	}
}
