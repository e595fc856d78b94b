package integration_test

import (
	"io"
	"os"
	"testing"

	"pfsd/integration/harness"
)

// memoryLimit is what pfsd may hold for itself, whatever the size of what passes through.
const memoryLimit = 400 << 20

// TestMemory streams a large file through each door, and watches what the process that serves them holds.
func TestMemory(t *testing.T) {
	size := int64(512 << 20)
	if harness.Full() {
		size = 4 << 30
	}
	s := harness.New(t)
	s.Pfsd("repo", "create", "large")
	door := s.S3()
	mount := s.Mount("master.large")

	watch := harness.WatchMemory(t, door.Process, mount.Process)
	upload(t, door.Client(t), "master.large", "put", harness.Noise(1, size), size)
	judge(t, "an upload in one PUT", watch.Peak())

	watch = harness.WatchMemory(t, door.Process, mount.Process)
	local := writeNoise(t, s.Dir+"/local", 2, size)
	s.AWS(door, "s3", "cp", "--only-show-errors", local, "s3://master.large/parts")
	judge(t, "an upload in parts", watch.Peak())

	watch = harness.WatchMemory(t, door.Process, mount.Process)
	writeNoise(t, mount.Path("copied"), 3, size)
	judge(t, "a copy into the mount", watch.Peak())

	watch = harness.WatchMemory(t, door.Process, mount.Process)
	s.Run(s.Command("cmp", local, mount.Path("parts")))
	judge(t, "a read of the mount", watch.Peak())
}

func judge(t *testing.T, what string, peak int64) {
	t.Helper()
	t.Logf("%s: peak of %d MiB", what, peak>>20)
	if peak == 0 || peak > memoryLimit {
		t.Errorf("%s: peak of %d MiB, the limit is %d", what, peak>>20, memoryLimit>>20)
	}
}

func writeNoise(t *testing.T, path string, seed uint64, size int64) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{f}, harness.Noise(seed, size), make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
