package cli

import (
	"strings"
	"testing"
)

// TestPartsOfIDs names commits by the beginnings of their ids, in every place where an address can stand.
func TestPartsOfIDs(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	first := id(t, data, "1", "put", "-", "r:/f")
	second := id(t, data, "2", "put", "-", "r:/f")
	ok(t, data, "", "branch", "create", "--from", first[:9]+".r", "b.r")
	for _, address := range []string{
		first[:8] + ".r", first[:8] + ".master.r", first[:31] + ".r", "r@" + first[:8], second[:8] + "^.r", second[:8] + "~1.master.r",
		first[:8] + ".b.r",
	} {
		if got := ok(t, data, "", "cat", address+":/f"); got != "1" {
			t.Errorf("cat %s:/f prints %q", address, got)
		}
		if got := ok(t, data, "", "log", "-n", "1", "-q", address); got != first+"\n" {
			t.Errorf("log of %s: %q", address, got)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"diff --names " + first[:8] + ".r " + second[:8] + ".r", "f\n"},
		{"ls " + second[:8] + ".r", "f\n"},
		{"commit inspect --json " + second[:8] + ".r", second},
		{"reset b.r " + first[:8] + ".r", first},
		{"cherry-pick " + second[:8] + ".r b.r", "\n"},
		{"revert " + second[:8] + ".master.r", "\n"},
		{"restore --from " + second[:8] + ".r r:/f", "\n"},
		{"tag create --from " + first[:8] + ".r v1.r", ""},
		{"squash --json --since " + second[:8] + ".r r", second},
		{"du " + first[:8] + ".r", "1"},
		{"stat --json " + first[:8] + ".r", first + ".r"},
	} {
		if got := ok(t, data, "", strings.Fields(c.args)...); !strings.Contains(got, c.want) {
			t.Errorf("%s prints %q, want %q in it", c.args, got, c.want)
		}
	}
	open := id(t, data, "", "commit", "start", "r")
	ok(t, data, "3", "put", "-", open[:10]+".r:/g")
	ok(t, data, "", "commit", "finish", open[:10]+".master.r")
	aborted := id(t, data, "", "commit", "start", "r")
	if got := ok(t, data, "", "commit", "abort", "--json", aborted[:10]+".r"); !strings.Contains(got, aborted) {
		t.Errorf("commit abort prints %s", got)
	}
}
