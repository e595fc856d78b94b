package contract_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// The marks in DESIGN.md around the table of sentences.
const (
	tableBegin = "<!-- contract: begin -->"
	tableEnd   = "<!-- contract: end -->"
)

var testName = regexp.MustCompile("`([A-Za-z0-9_./]+)`")

// TestTable compares the table in DESIGN.md with the tests: each sentence of TestContract is in it, in order, and every other
// test that it names, as PACKAGE.TEST, is there.
func TestTable(t *testing.T) {
	root := harness.Root(t)
	text, err := os.ReadFile(filepath.Join(root, "DESIGN.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), tableBegin)
	table, _, found := strings.Cut(rest, tableEnd)
	if !found {
		t.Fatal("DESIGN.md has no table of the contract")
	}
	var listed []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, match := range testName.FindAllStringSubmatch(cells[2], -1) {
			dir, name, elsewhere := strings.Cut(match[1], ".")
			if !elsewhere {
				listed = append(listed, match[1])
			} else if !harness.HasTest(t, filepath.Join(root, dir), name) {
				t.Errorf("DESIGN.md names %s, which is not there", match[1])
			}
		}
	}
	var tests []string
	for _, sentence := range sentences() {
		tests = append(tests, sentence.name)
	}
	for _, name := range tests {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is not in the table of DESIGN.md", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(tests, name) {
			t.Errorf("DESIGN.md names %s, which is not there", name)
		}
	}
}
