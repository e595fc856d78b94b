package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"pfsd/cli/internal/control"
)

// output is where a command prints. It is an io.Writer.
type output struct{ w io.Writer }

// errEnoughRead is the error of a command whose reader wants no more of its output, as head(1).
var errEnoughRead = errors.New("nobody reads the output any more")

// Write writes b. It fails with errEnoughRead once the reader of a pipe has gone.
func (o output) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		err = errEnoughRead
	}
	return n, err
}

// beneath returns where what is written to w comes out.
func beneath(w io.Writer) io.Writer {
	if o, ok := w.(output); ok {
		return o.w
	}
	return w
}

// flagJSON is the flag of every command that lists, shows or changes something.
const flagJSON = "json"

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: flagJSON, Usage: "print JSON, one object a line; times are RFC 3339 in UTC"}
}

// printJSON prints v in one line.
func (p *program) printJSON(v any) error { return json.NewEncoder(p.stdout).Encode(v) }

// named says, as JSON, what a command has removed or brought back.
type named struct {
	Repo string `json:"repo,omitempty"`
	Name string `json:"name,omitempty"`
	// ID is that of a commit.
	ID string `json:"id,omitempty"`
}

// done ends a command that has nothing to say: for scripts it prints v as JSON.
func (p *program) done(c *cli.Context, v any, err error) error {
	if err != nil || !c.Bool(flagJSON) {
		return err
	}
	return p.printJSON(v)
}

// printAll prints what seq yields: as JSON when the command was told to, else with line. What came before an error is
// printed, too.
func printAll[T any](p *program, c *cli.Context, seq iter.Seq2[T, error], line func(io.Writer, T)) error {
	out := bufio.NewWriter(p.stdout)
	enc := json.NewEncoder(out)
	for item, err := range seq {
		if err != nil {
			out.Flush()
			return err
		}
		if c.Bool(flagJSON) {
			err = enc.Encode(item)
		} else {
			line(out, item)
		}
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// stamp is a time as people are shown it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// name returns a file's name as it can be shown: as it is when the output is not a terminal, and otherwise quoted when it
// has characters that could steer the terminal.
func (p *program) name(s string) string {
	if !p.onTerminal() || strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	return strconv.Quote(s)
}

func isTerminal(w io.Writer) bool {
	f, ok := beneath(w).(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// modeString returns kind and permissions as ls(1) writes them.
func modeString(kind string, mode control.Mode) string {
	letters := map[string]byte{
		"file": '-', "dir": 'd', "symlink": 'l', "fifo": 'p', "socket": 's', "chardev": 'c', "blockdev": 'b', "link": '-',
	}
	out := []byte("?rwxrwxrwx")
	if letter, ok := letters[kind]; ok {
		out[0] = letter
	}
	for i := range 9 {
		if mode&(1<<(8-i)) == 0 {
			out[1+i] = '-'
		}
	}
	for _, special := range []struct {
		bit        control.Mode
		at         int
		with, bare byte
	}{{0o4000, 3, 's', 'S'}, {0o2000, 6, 's', 'S'}, {0o1000, 9, 't', 'T'}} {
		if mode&special.bit == 0 {
			continue
		}
		if out[special.at] == 'x' {
			out[special.at] = special.with
		} else {
			out[special.at] = special.bare
		}
	}
	return string(out)
}

// plural returns "1 file" or "n files".
func plural(n uint64, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ch"):
		noun += "e"
	case strings.HasSuffix(noun, "ry"):
		noun = strings.TrimSuffix(noun, "y") + "ie"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
