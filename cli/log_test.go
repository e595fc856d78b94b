package cli

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// as runs a command that must succeed on behalf of an author, and returns its output.
func as(t *testing.T, author, data, stdin string, args ...string) string {
	t.Helper()
	var out, stderr strings.Builder
	p := newProgram(data, strings.NewReader(stdin), &out, &stderr)
	getenv := p.getenv
	p.getenv = func(name string) string {
		if name == "PFSD_AUTHOR" {
			return author
		}
		return getenv(name)
	}
	if code := p.run(t.Context(), append([]string{"pfsd"}, args...)); code != exitOK {
		t.Fatalf("pfsd %s: %d\n%s", strings.Join(args, " "), code, stderr.String())
	}
	return strings.TrimSpace(out.String())
}

// TestLogIsNarrowed asks for some of the commits of a history.
func TestLogIsNarrowed(t *testing.T) {
	data := newHost(t)
	as(t, "root", data, "", "repo", "create", "r")
	start := strings.TrimSpace(ok(t, data, "", "log", "-q", "r"))
	a := as(t, "Ann", data, "1", "put", "-", "r:/f")
	b := as(t, "bob", data, "2", "put", "-", "r:/g")
	c := as(t, "annette", data, "3", "put", "-", "r:/f")
	lines := func(ids ...string) string { return strings.Join(append(ids, ""), "\n") }
	for args, want := range map[string]string{
		"r":                       lines(c, b, a, start),
		"r:/f":                    lines(c, a),
		"-n 2 r":                  lines(c, b),
		"-n1 r":                   lines(c),
		"-n 99 r":                 lines(c, b, a, start),
		"--author ann r":          lines(c, a),
		"--author ANN -n 1 r":     lines(c),
		"--author nobody r":       "",
		"--author bob r:/f":       "",
		"--since 1h r":            lines(c, b, a, start),
		"--since 2001-02-03 r:/g": lines(b),
		"--since 2999-01-01 r":    "",
		"--since 2999-01-01 r:/f": "",
		"r^:/f":                   lines(a),
	} {
		if got := ok(t, data, "", append([]string{"log", "-q"}, strings.Fields(args)...)...); got != want {
			t.Errorf("log %s prints %q, want %q", args, got, want)
		}
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2026, 5, 31, 12, 0, 0, 0, time.FixedZone("", 7200))
	for text, want := range map[string]time.Time{
		"":                          {},
		"90m":                       now.Add(-90 * time.Minute),
		"2026-05-31":                time.Date(2026, 5, 31, 0, 0, 0, 0, now.Location()),
		"2026-05-31 08:00:00":       time.Date(2026, 5, 31, 8, 0, 0, 0, now.Location()),
		"2026-05-31T08:00:00Z":      time.Date(2026, 5, 31, 8, 0, 0, 0, time.UTC),
		"2026-05-31T08:00:00-07:00": time.Date(2026, 5, 31, 15, 0, 0, 0, time.UTC),
	} {
		app := &cli.App{
			Flags: []cli.Flag{&cli.StringFlag{Name: "since"}},
			Action: func(c *cli.Context) error {
				if got, err := since(c, now); err != nil || !got.Equal(want) {
					t.Errorf("--since %q is %v, %v; want %v", text, got, err, want)
				}
				return nil
			},
		}
		if err := app.Run([]string{"pfsd", "--since", text}); err != nil {
			t.Error(err)
		}
	}
}

// TestFollow follows a branch, and a path in it, by one author, while commits are made.
func TestFollow(t *testing.T) {
	data := newHost(t)
	as(t, "root", data, "", "repo", "create", "r")
	want := []string{as(t, "ann", data, "0", "put", "-", "r:/f")}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		p := newProgram(data, nil, w, io.Discard)
		code <- p.run(ctx, strings.Fields("pfsd log --follow -q --author ann r:/f"))
		w.Close()
	}()
	in := bufio.NewScanner(r)
	for i := range 5 {
		if !in.Scan() || in.Text() != want[i] {
			t.Fatalf("line %d is %q, want %s", i, in.Text(), want[i])
		}
		as(t, "ann", data, in.Text(), "put", "-", "r:/other")
		as(t, "bob", data, in.Text(), "put", "-", "r:/f")
		want = append(want, as(t, "ann", data, in.Text()+".", "put", "-", "r:/f"))
	}
	if !in.Scan() || in.Text() != want[5] {
		t.Errorf("the last line is %q, want %s", in.Text(), want[5])
	}
	cancel()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d", got)
	}
}
