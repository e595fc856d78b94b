package cli

import (
	"cmp"
	"io"
	"os"
)

// isStream reports whether there is something at name that is no file and no directory, as a pipe or a device. What is
// written there has to go through it: a file in its place would take it away from everybody.
func isStream(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// intoStream has write write to what is at name; "-" is stdout.
func (p *program) intoStream(name string, write func(io.Writer) error) error {
	if name == "-" {
		return write(p.stdout)
	}
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return cmp.Or(write(file), file.Close())
}
