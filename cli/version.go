package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/control"
)

// release is the version that this source is of.
const release = "0.1.0"

// formatVersion is that of the bytes on disk, as FORMAT.md describes them.
const formatVersion = 1

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the versions of the program, of Go, and of the formats it speaks",
		UsageText: "pfsd version [--json]", Description: "Example: pfsd version",
		Flags:  []cli.Flag{jsonFlag()},
		Action: p.version,
	}
}

func (p *program) version(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	if c.Bool(flagJSON) {
		return p.printJSON(struct {
			Version  string `json:"version"`
			Go       string `json:"go"`
			Format   int    `json:"format"`
			Protocol int    `json:"protocol"`
		}{programVersion(), runtime.Version(), formatVersion, control.Version})
	}
	_, err := fmt.Fprintf(p.stdout, "pfsd %s, %s, format %d, protocol %d\n",
		programVersion(), runtime.Version(), formatVersion, control.Version)
	return err
}

// programVersion returns the release, with the revision that it was built from where that is known.
func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = "+" + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = ".dirty"
		}
	}
	return release + revision + dirty
}
