package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pfsd/cli/internal/control"
)

// TestReflog moves a branch by commands: what reset and squash say, and the lists of heads and of what was left behind.
func TestReflog(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	var ids []string
	for _, text := range []string{"1", "2", "3"} {
		ids = append(ids, id(t, data, text, "put", "-m", "text "+text, "-", "r:/f"))
	}
	r := pfsd(t, data, "", "squash", "--since", "master~2.r", "-m", "both", "r")
	squashed := strings.TrimSpace(r.stdout)
	if r.code != exitOK || len(squashed) != 32 || !strings.HasPrefix(r.stderr, "pfsd: master.r was at "+ids[2]+", which stays until 2") {
		t.Fatalf("squash: %+v", r)
	}
	ok(t, data, "", "tag", "create", "v1.r")
	r = pfsd(t, data, "", "reset", "r", "master^.r")
	if r.code != exitOK || r.stdout != ids[0]+"\n" || r.stderr != "pfsd: master.r was at "+squashed+"\n" {
		t.Errorf("a reset from what a tag names: %+v", r)
	}
	if again := ok(t, data, "", "reset", "r", ids[0]+".r"); again != ids[0]+"\n" {
		t.Errorf("a reset to the head prints %q", again)
	}
	var was control.Rewritten
	if err := json.Unmarshal([]byte(ok(t, data, "", "reset", "--json", "r", "v1.r")), &was); err != nil ||
		was.ID.String() != squashed || was.Was.String() != ids[0] || !was.Until.IsZero() {
		t.Errorf("reset --json: %+v, %v", was, err)
	}
	want := []string{squashed, ids[0], squashed, ids[2], ids[1], ids[0]}
	if got := strings.Fields(ok(t, data, "", "reflog", "-q", "r")); !slices.Equal(got[:6], want) || len(got) != 7 {
		t.Errorf("reflog -q printed %v, want %v and the first commit", got, want)
	}
	lines := strings.Split(ok(t, data, "", "reflog", "-n", "4", "r"), "\n")
	for i, end := range []string{"named  reset to v1.r", "named  reset to master~1.r", "named  squash of all since master~2.r: both",
		"commit: text 3"} {
		if !strings.HasSuffix(lines[i], "  "+end) || i == 3 && !strings.Contains(lines[i], "  until 2") {
			t.Errorf("reflog printed %q, want %q at the end", lines[i], end)
		}
	}
	var head control.Head
	first, _, _ := strings.Cut(ok(t, data, "", "reflog", "--json", "r"), "\n")
	if err := json.Unmarshal([]byte(first), &head); err != nil || head.State != control.HeadNamed || !head.Moved || head.Origin != "cli" {
		t.Errorf("reflog --json printed %q (%v)", first, err)
	}
	left := strings.Fields(ok(t, data, "", "undelete"))
	if len(left) != 8 || left[1] != "commit" || left[2] != ids[2]+".r" || left[7] != "master.r" {
		t.Fatalf("undelete printed %q", left)
	}
	ok(t, data, "", "branch", "create", "--from", left[2], "back.r")
	if got := ok(t, data, "", "cat", "back.r:/f") + ok(t, data, "", "undelete"); got != "3" {
		t.Errorf("once it has a name: %q", got)
	}
}

// TestReflogRefused asks for the heads of what has none, and for a commit to be undeleted.
func TestReflogRefused(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	made := id(t, data, "1", "put", "-", "r:/f")
	ok(t, data, "", "tag", "create", "v1.r")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"reflog none.r", exitFailure, "none.r: no such branch"},
		{"reflog v1.r", exitFailure, "v1.r: no such branch"},
		{"reflog r^", exitFailure, "not the name of a branch"},
		{"reflog -n 0 r", exitUsage, "-n is at least 1"},
		{"undelete " + made + ".r", exitFailure, "pfsd branch create --from " + made + ".r BRANCH.r"},
	} {
		if r := pfsd(t, data, "", strings.Fields(c.args)...); r.code != c.code || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: %+v, want %q", c.args, r, c.says)
		}
	}
}
