package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestBrokenPipe has the reader of a command's output go away, of which nothing is said, and any other pipe break, of which
// something is.
func TestBrokenPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	var stderr bytes.Buffer
	p := &program{stdout: output{w}, stderr: &stderr}
	_, err = io.WriteString(p.stdout, "text")
	if code := p.report(fmt.Errorf("listing: %w", err)); !errors.Is(err, errEnoughRead) || code != exitFailure || stderr.Len() > 0 {
		t.Errorf("the own output: %v, exit code %d, %q", err, code, stderr.String())
	}
	if code := p.report(&os.PathError{Op: "write", Path: "fifo", Err: syscall.EPIPE}); code != exitFailure ||
		!strings.Contains(stderr.String(), "broken pipe") {
		t.Errorf("another pipe: exit code %d, %q", code, stderr.String())
	}
}
