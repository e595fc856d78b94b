package s3

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// TestEveryCodeHasAnAnswer reads the codes from their declaration, so that one without a row cannot be answered with nothing.
func TestEveryCodeHasAnAnswer(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[code]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if value, ok := spec.Values[0].(*ast.BasicLit); ok {
			text, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			declared[code(text)] = true
		}
		return true
	})
	if len(declared) < 50 || len(declared) != len(codes) {
		t.Errorf("%d codes and %d rows", len(declared), len(codes))
	}
	for c := range declared {
		if row, ok := codes[c]; !ok || row.status < 300 || row.message == "" {
			t.Errorf("%s: %+v", c, row)
		}
	}
	for kind, c := range kindCodes {
		if codes[c].status < 400 {
			t.Errorf("%v is answered with %d", kind, codes[c].status)
		}
	}
}
