package cli

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"pfsd/pfs"
)

// flagRename has names that are not UTF-8 stored under other ones.
const flagRename = "rename-invalid"

func renameFlag() cli.Flag {
	return &cli.BoolFlag{Name: flagRename, Usage: "store names that are not UTF-8 with %XX for each byte that is none"}
}

// naming says under what paths local files, or those in an archive, are stored. It belongs to one goroutine at a time.
type naming struct {
	// rename has those that cannot be stored as they are stored under other names; warn tells of each.
	rename bool
	warn   func(format string, args ...any)
	// refused are those that are not stored, as they are called where they come from.
	refused []string
	// sources has, of each path that could be one that was renamed, the name that is stored there.
	sources map[string]string
}

func (p *program) naming(c *cli.Context) *naming {
	return &naming{rename: c.Bool(flagRename), warn: p.warn, sources: map[string]string{}}
}

// place returns the path for what is called source where it comes from, and would be stored at to. ok is false once a name was
// refused: nothing more needs to be sent, but all are looked at.
func (n *naming) place(to, source string) (at string, ok bool, err error) {
	at = to
	if !utf8.ValidString(to) {
		isItself := !utf8.ValidString(path.Base(to)) // and not only what it is in
		switch {
		case !n.rename && isItself:
			n.refused = append(n.refused, source)
			return to, false, nil
		case !n.rename:
			return to, false, nil
		}
		if at = escaped(to); isItself {
			n.warn("%q is stored as %s", source, at)
		}
	}
	if err := pfs.CheckPath(at); err != nil {
		return at, false, err
	}
	if n.rename && strings.Contains(at, "%") {
		if other, taken := n.sources[at]; taken && other != to {
			return at, false, fmt.Errorf("%q and %q would both be stored as %s: rename one of them", other, to, at)
		}
		n.sources[at] = to
	}
	return at, len(n.refused) == 0, nil
}

// err is the error that names all that were refused; nil without any.
func (n *naming) err() error {
	if len(n.refused) == 0 {
		return nil
	}
	var names strings.Builder
	for _, name := range n.refused {
		fmt.Fprintf(&names, "\n%q", name)
	}
	count, verb := plural(uint64(len(n.refused)), "name"), "are"
	if len(n.refused) == 1 {
		verb = "is"
	}
	return fmt.Errorf("%s %s not UTF-8, so that nothing was stored: --%s stores them under others:%s", count, verb, flagRename, names.String())
}

// escaped returns a path with %XX for each byte that is no part of a character.
func escaped(path string) string {
	var b strings.Builder
	for len(path) > 0 {
		r, size := utf8.DecodeRuneInString(path)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, "%%%02X", path[0])
		} else {
			b.WriteString(path[:size])
		}
		path = path[size:]
	}
	return b.String()
}
