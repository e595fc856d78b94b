package fsys_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var memoryMiB = flag.Int64("memory-mib", 640, "size of the file of the memory test, in MiB")

// TestMemory copies a large file of random bytes into the mount, and looks at what the server's memory came to at its peak:
// as much as it may be for any size.
func TestMemory(t *testing.T) {
	f := newFixture(t)
	random, err := os.Open("/dev/urandom")
	if err != nil {
		t.Skip(err)
	}
	defer random.Close()
	file, err := os.Create(filepath.Join(f.dir, "big"))
	if err != nil {
		t.Fatal(err)
	}
	peak := int64(0)
	for range *memoryMiB {
		if _, err := io.CopyN(file, random, 1<<20); err != nil {
			t.Fatal(err)
		}
		peak = max(peak, f.memory())
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	peak = max(peak, f.memory())
	t.Logf("%d MiB of anonymous and shared memory for %d MiB", peak>>10, *memoryMiB)
	if peak > 400<<10 {
		t.Errorf("the server had %d MiB of anonymous and shared memory", peak>>10)
	}
}

// memory is the anonymous and shared memory of the child, in KiB.
func (f *fixture) memory() (kib int64) {
	var status string
	f.call("Memory", 0, &status)
	for line := range strings.Lines(status) {
		fields := strings.Fields(line)
		if len(fields) == 3 && (fields[0] == "RssAnon:" || fields[0] == "RssShmem:") {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				f.t.Fatal(err)
			}
			kib += n
		}
	}
	return kib
}
