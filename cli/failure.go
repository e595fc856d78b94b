package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"pfsd/pfs"
)

// usageError is a command line that cannot be right.
type usageError struct {
	message string
	// command is what has help on it.
	command string
}

// Error returns the message and where help is.
func (e *usageError) Error() string { return e.message + "; see: " + e.command + " --help" }

// usage returns a usageError of c's command.
func usage(c *cli.Context, format string, args ...any) error {
	command := "pfsd"
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != command {
		command += " " + strings.TrimPrefix(c.Command.HelpName, command+" ")
	}
	return &usageError{message: fmt.Sprintf(format, args...), command: command}
}

// errFound is the failure of a command that has said all in its output.
var errFound = errors.New("problems found")

// interrupted returns err, or, when it says no more than that ctx was ended by a signal, that in plain words.
func interrupted(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause != nil && (pfs.KindOf(err) == pfs.KindCanceled || errors.Is(err, cause)) {
		return errors.New("interrupted")
	}
	return err
}

// report writes err to stderr, in one line, and returns the exit code.
func (p *program) report(err error) int {
	var wrong *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound), errors.Is(err, errSaid):
		return exitFailure
	case errors.Is(err, errEnoughRead):
		return exitFailure
	case errors.As(err, &wrong):
		p.complain(err)
		return exitUsage
	default:
		p.complain(err)
		return exitFailure
	}
}

// complain writes err and what to do about it, in one line.
func (p *program) complain(err error) {
	message := err.Error()
	if help := remedy(err); help != "" {
		message += "; " + help
	}
	fmt.Fprintln(p.stderr, "pfsd: "+strings.Join(strings.FieldsFunc(message, isLineBreak), " "))
}

func isLineBreak(r rune) bool { return r == '\n' || r == '\r' }

// remedies say, for kinds of error where that can be said, what to do.
var remedies = map[pfs.Kind]string{
	pfs.KindCommitNotFound: "see the commits with: pfsd log ADDRESS",
	pfs.KindFileNotFound:   "see what is there with: pfsd ls ADDRESS",
	pfs.KindExists:         "choose another name or place",
	pfs.KindIsDir:          "name a file",
	pfs.KindNotDir:         "nothing can be below a file: choose another path, or remove the file first",
	pfs.KindReadOnly:       "only a branch can be changed: make one with pfsd branch create --from ADDRESS BRANCH.REPO",
	pfs.KindNotEmpty:       "delete what is in it, too, with --force",
	pfs.KindConflict:       "try again",
	pfs.KindCorrupt:        "find what is damaged with: pfsd fsck --deep",
	pfs.KindNoSpace:        "make room on the disk of the data directory; reading and deleting go on",
	pfs.KindExhausted:      "try again; if that does not help, see which program has all descriptors or memory, or raise ulimit -n",
	pfs.KindInternal:       "",
}

// saysRemedy are the kinds of error whose cause, where there is one, says what to do itself.
var saysRemedy = map[pfs.Kind]bool{
	pfs.KindBranchNotFound: true, pfs.KindFileNotFound: true, pfs.KindExists: true, pfs.KindConflict: true,
	pfs.KindIsDir: true, pfs.KindNotDir: true,
}

// looksLikeID reports whether a name is more likely the beginning of a commit's id than that of a branch.
func looksLikeID(name string) bool {
	return pfs.IsIDPrefix(name) && strings.ContainsAny(name, "0123456789")
}

// remedy returns what to do about err, or "".
func remedy(err error) string {
	var e *pfs.Error
	if !errors.As(err, &e) {
		return ""
	}
	if e.Err != nil && saysRemedy[e.Kind] {
		return ""
	}
	switch e.Kind {
	case pfs.KindCorrupt:
		if e.Op == "pfs.Open" {
			return "if it is to be mended: pfsd fsck --repair, when no other pfsd is using the store"
		}
	case pfs.KindRepoNotFound:
		if ref, err := pfs.ParseRef(e.Ref); err == nil {
			return "make it with: pfsd repo create " + ref.Repo
		}
		return "see the repos with: pfsd repo list"
	case pfs.KindBranchNotFound:
		if ref, err := pfs.ParseRef(e.Ref); err == nil && ref.Name != "" {
			if looksLikeID(ref.Name) {
				return "nor does the id of a commit of " + ref.Repo + " begin so: see them with pfsd log"
			}
			return "make it with: pfsd branch create " + pfs.BranchRef(ref.Repo, ref.Name).String()
		}
		return "see the branches with: pfsd branch list"
	}
	return remedies[e.Kind]
}
