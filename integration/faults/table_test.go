package faults_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

var testName = regexp.MustCompile("`([A-Za-z0-9_/]+)\\.(Test[A-Za-z0-9_]+)`")

// TestTable checks the table of faults: each row names a right behaviour and at least one test, and each test that it names is
// in its package.
func TestTable(t *testing.T) {
	text, err := os.ReadFile("FAULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	root := harness.Root(t)
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.TrimSpace(cells[1]) == "fault" || strings.HasPrefix(cells[1], "---") {
			continue
		}
		rows++
		if strings.TrimSpace(cells[2]) == "" {
			t.Errorf("this row has no right behaviour: %s", line)
		}
		tests := testName.FindAllStringSubmatch(cells[3], -1)
		if len(tests) == 0 {
			t.Errorf("this row names no test: %s", line)
		}
		for _, test := range tests {
			if !harness.HasTest(t, filepath.Join(root, test[1]), test[2]) {
				t.Errorf("%s.%s is not there, which this row names: %s", test[1], test[2], line)
			}
		}
	}
	if rows == 0 {
		t.Error("the table has no rows")
	}
}
