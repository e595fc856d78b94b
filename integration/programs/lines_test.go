package programs_test

import (
	"bufio"
	"io"
	"iter"
)

// lines yields the lines of r.
func lines(r io.Reader) iter.Seq[string] {
	return func(yield func(string) bool) {
		for in := bufio.NewScanner(r); in.Scan(); {
			if !yield(in.Text()) {
				return
			}
		}
	}
}
