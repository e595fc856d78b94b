package integration_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// changingSize is that of a file that takes a while to read.
const changingSize = 8 << 20

// TestPutWhileWritten puts a file, and a directory that has it, while a program changes it. The program writes a number that
// grows to the file's beginning, then to its end, again and again, so that the two numbers tell a state that the file has had
// from a mixture of several. A put stores such a state, or fails and names the file.
func TestPutWhileWritten(t *testing.T) {
	s := harness.New(t)
	dir := filepath.Join(s.Dir, "dir")
	name := filepath.Join(dir, "changing")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "still"), []byte("still"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, make([]byte, changingSize), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Pfsd("repo", "create", "r")
	w := &pairWriter{t: t, name: name}
	for _, rounds := range []int{-1, 100, 10_000} {
		for _, source := range []string{name, dir} {
			ended := w.start(rounds)
			r := s.Try("put", source, "r:/"+filepath.Base(source))
			ended()
			if r.Code != 0 && (r.Code != 1 || !strings.Contains(r.Stderr, name)) {
				t.Fatalf("a put of %s: exit code %d: %s", source, r.Code, r.Stderr)
			}
			t.Logf("a put of %s during %d rounds: exit code %d", filepath.Base(source), rounds, r.Code)
		}
		for _, stored := range []string{"r:/changing", "r:/dir/changing"} {
			if r := s.Try("cat", stored); r.Code == 0 {
				wantPair(t, r.Stdout)
			}
		}
		if got := s.Pfsd("cat", "r:/dir/still"); got != "still" {
			t.Errorf("beside the file that changes %q was stored", got)
		}
	}
	// All is quiet now.
	s.Pfsd("put", dir, "r:/dir")
	wantPair(t, s.Pfsd("cat", "r:/dir/changing"))
}

// pairWriter writes growing numbers to the two ends of a file.
type pairWriter struct {
	t    *testing.T
	name string
	last uint64
}

// start writes so many rounds, or without an end when that is negative, until the function returned is called.
func (w *pairWriter) start(rounds int) (end func()) {
	file, err := os.OpenFile(w.name, os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		defer file.Close()
		for i := 0; i != rounds; i++ {
			select {
			case <-stop:
				return
			default:
			}
			w.last++
			number := binary.BigEndian.AppendUint64(nil, w.last)
			for _, off := range []int64{0, changingSize - 8} {
				if _, err := file.WriteAt(number, off); err != nil {
					w.t.Error(err)
					return
				}
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// wantPair checks that bytes are a state that a file had.
func wantPair(t *testing.T, text string) {
	t.Helper()
	if len(text) != changingSize {
		t.Fatalf("%d bytes were stored", len(text))
	}
	first := binary.BigEndian.Uint64([]byte(text[:8]))
	last := binary.BigEndian.Uint64([]byte(text[changingSize-8:]))
	if first != last && first != last+1 {
		t.Errorf("what was stored begins with %d and ends with %d", first, last)
	}
}
