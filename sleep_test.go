package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// sleepers are the tests that may sleep, with the reason why a slow machine cannot make them fail.
var sleepers = map[string]string{
	"s3/stall_test.go":                      "the clock is that of package synctest",
	"pfs/internal/kv/badgerkv/mend_test.go": "it asks again and again, without an end",
	"cli/internal/guard/guard_test.go":      "that nothing happens can only be seen for a while; a slow machine hides it",
}

// TestNoTestSleeps checks that tests wait for what they need, rather than for a time in which it should have happened.
func TestNoTestSleeps(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
				if found[name] = true; sleepers[name] == "" {
					t.Errorf("%v: a test sleeps: have it wait for what it needs, or drive the clock", files.Position(n.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range sleepers {
		if !found[name] {
			t.Errorf("%s does not sleep any more: take it from the list", name)
		}
	}
}
