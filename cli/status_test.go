package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"pfsd/cli/internal/control"
)

// TestStatusSaysWhoIsHost tells a store that a process holds from one that the command had to open by itself, and shows
// the doors as clients have to name them.
func TestStatusSaysWhoIsHost(t *testing.T) {
	var out bytes.Buffer
	p := newProgram("", nil, &out, &out)
	s := control.Status{Host: control.Host{PID: os.Getpid() + 1}, S3: []control.Door{
		{Kind: control.DoorS3, Addr: "127.0.0.1:1"}, {Kind: control.DoorS3, Addr: "127.0.0.1:2", TLS: true},
	}}
	s.Store.Repos, s.Store.Branches = 1, 1
	if err := p.printStatus(s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"host:   pid ", "1 repo, 1 branch\n", "http://127.0.0.1:1 ", "https://127.0.0.1:2 "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %q in\n%s", want, &out)
		}
	}
	data := newData(t)
	ok(t, data, "", "repo", "create", "r")
	if got := ok(t, data, "", "status"); !strings.Contains(got, "host:   none") || !strings.Contains(got, "1 repo, 1 branch\n") {
		t.Errorf("without a host it says\n%s", got)
	}
}
