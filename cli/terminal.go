package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"

	"github.com/urfave/cli/v2"
)

// style is how a piece of text is painted on a terminal, as the parameter of the SGR control sequence (ECMA-48, 8.3.117).
type style string

// The styles.
const (
	styleID      style = "33"
	styleAdded   style = "32"
	styleDeleted style = "31"
	styleChanged style = "36"
	styleDir     style = "1;34"
	styleLink    style = "36"
)

// paint returns text in a style when the output is a terminal that shows colours, and NO_COLOR (no-color.org) is not set.
func (p *program) paint(s style, text string) string {
	if !p.colours() {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (p *program) colours() bool {
	return p.onTerminal() && p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb"
}

// onTerminal reports whether what is printed ends up on a terminal, through a pager or not.
func (p *program) onTerminal() bool { return p.paging || isTerminal(p.stdout) }

// paged runs f with its output going through a pager, when it would go to a terminal: that of PFSD_PAGER or PAGER, else
// less. An empty PFSD_PAGER, or cat, is none. JSON is not paged.
func (p *program) paged(c *cli.Context, f func() error) error {
	command := p.pager()
	if command == "" || !isTerminal(p.stdout) || c.Bool(flagJSON) {
		return f()
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Stdout, cmd.Stderr = beneath(p.stdout), p.stderr
	// Less leaves at once what fits on the screen, lets colours through, and goes on when it gets Ctrl-C.
	cmd.Env = append(os.Environ(), "LESS=FRX")
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return f()
	}
	err = p.into(pipe, f)
	if waitErr := cmd.Wait(); err == nil {
		err = waitErr
	}
	if errors.Is(err, errEnoughRead) {
		return nil // the reader has seen enough
	}
	return err
}

// into runs f with its output going to pipe, and closes that.
func (p *program) into(pipe io.WriteCloser, f func() error) error {
	screen := p.stdout
	p.stdout, p.paging = output{pipe}, true
	err := f()
	p.stdout, p.paging = screen, false
	return errors.Join(err, pipe.Close())
}

func (p *program) pager() string {
	for _, name := range []string{"PFSD_PAGER", "PAGER"} {
		if command := p.getenv(name); command != "" {
			if command == "cat" {
				return ""
			}
			return command
		}
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}
