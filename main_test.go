package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrow is a rule for what packages may import directly. A pattern that ends in "/..." is a package and all below it.
type arrow struct {
	from string
	// not are imports that packages in from may not have; except are packages that the rule is not for.
	not, except []string
	why         string
}

var arrows = []arrow{
	{
		from: "pfsd/pfs/...", not: []string{"net/http", "syscall", "golang.org/x/sys/unix", "github.com/hanwen/..."},
		except: []string{"pfsd/pfs/internal/pack", "pfsd/pfs/internal/kv/badgerkv"},
		why:    "the core knows neither of HTTP nor of the kernel's file systems",
	},
	{
		from: "pfsd/...", not: []string{"github.com/dgraph-io/..."}, except: []string{"pfsd/pfs/internal/kv/badgerkv"},
		why: "badgerkv alone knows Badger",
	},
	{from: "pfsd/s3/...", not: []string{"pfsd/fsys/...", "pfsd/cli/..."}, why: "the doors do not know each other"},
	{from: "pfsd/fsys/...", not: []string{"pfsd/s3/...", "pfsd/cli/..."}, why: "the doors do not know each other"},
	{from: "pfsd/pfs/...", not: []string{"pfsd/s3/...", "pfsd/fsys/...", "pfsd/cli/..."}, why: "the core knows no door"},
	{
		from: "pfsd/chunker", not: []string{"pfsd/pfs/...", "pfsd/s3/...", "pfsd/fsys/...", "pfsd/cli/..."},
		why: "the chunker is below all else",
	},
	{
		from: "pfsd/pfs/internal/schema", not: []string{"pfsd/pfs", "pfsd/pfs/internal/kv/..."},
		why: "records are plain values",
	},
	{
		from: "pfsd/...", not: []string{"pfsd/integration/..."}, except: []string{"pfsd/integration"},
		why: "nothing is built on the tests",
	},
	{
		from: "pfsd/...", not: []string{"github.com/urfave/cli/..."}, except: []string{"pfsd/cli"},
		why: "flags are the command line's",
	},
	{from: "pfsd", not: []string{"pfsd/pfs/...", "pfsd/s3/...", "pfsd/fsys/..."}, why: "main starts cli and no more"},
}

// TestArrows checks the direct imports of all packages, their tests left aside, against the rules.
func TestArrows(t *testing.T) {
	for name, imports := range packages(t) {
		for _, a := range arrows {
			if !matches(a.from, name) || slices.Contains(a.except, name) {
				continue
			}
			for _, imported := range imports {
				if slices.ContainsFunc(a.not, func(pattern string) bool { return matches(pattern, imported) }) {
					t.Errorf("%s imports %s, but %s", name, imported, a.why)
				}
			}
		}
	}
}

// TestMathRandStaysOut checks that randomness is not taken from the air.
func TestMathRandStaysOut(t *testing.T) {
	for name, imports := range packages(t) {
		if slices.Contains(imports, "math/rand") {
			t.Errorf("%s imports math/rand: randomness comes in through constructors", name)
		}
	}
}

// packages returns the direct imports of every package of the module.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		all[fields[0]] = fields[1:]
	}
	if len(all) < 10 {
		t.Fatalf("go list knows only of %d packages", len(all))
	}
	return all
}

// matches reports whether name is what pattern stands for.
func matches(pattern, name string) bool {
	prefix, wild := strings.CutSuffix(pattern, "/...")
	return name == prefix || wild && strings.HasPrefix(name, prefix+"/")
}
