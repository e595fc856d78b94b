package programs_test

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// treeMemory is what the process that serves a mount may hold for itself while programs go through a large tree.
const treeMemory = 400 << 20

// TestTree has find, du, ls and rm go through a tree of many files, and watches what the server holds meanwhile.
func TestTree(t *testing.T) {
	needs(t, "find", "du")
	files, inEach := scale(5_000, 100_000, 100_000), 1000
	p := newPlace(t)
	r, w := io.Pipe()
	go func() { w.CloseWithError(archiveOf(w, files, inEach)) }()
	cmd := p.Command(harness.Binary(t), "import", "-", "work:/tree")
	cmd.Stdin = r
	p.Run(cmd)

	watch := harness.WatchMemory(t, p.mount.Process)
	got := strings.Fields(p.sh(`
		find tree -type f | wc -l
		du -s --inodes tree | cut -f 1
		ls -lR tree | grep -c ' file-'
		rm -rf tree/dir-000*
		find tree -type f -size 12c -perm 644 | wc -l
		ls tree | wc -l`))
	peak := watch.Peak()
	left := max(files-10*inEach, 0)
	if want := fmt.Sprint(files, files+files/inEach+1, files, left, left/inEach); strings.Join(got, " ") != want {
		t.Errorf("find, du and ls say %v, and find and ls of what is left after rm, want %v", got, want)
	}
	t.Logf("%d files: peak of %d MiB", files, peak>>20)
	if peak == 0 || peak > treeMemory {
		t.Errorf("%d files: peak of %d MiB, the limit is %d", files, peak>>20, treeMemory>>20)
	}
}

// archiveOf writes a tar archive of small files of whoever runs this, so many in each directory.
func archiveOf(w io.Writer, files, inEach int) error {
	content := "a small file"
	out := tar.NewWriter(w)
	owned := tar.Header{Uid: os.Getuid(), Gid: os.Getgid()}
	for i := range files {
		dir := fmt.Sprintf("dir-%04d/", i/inEach)
		if i%inEach == 0 {
			header := owned
			header.Typeflag, header.Name, header.Mode = tar.TypeDir, dir, 0o755
			if err := out.WriteHeader(&header); err != nil {
				return err
			}
		}
		header := owned
		header.Name, header.Size, header.Mode = fmt.Sprintf("%sfile-%06d", dir, i), int64(len(content)), 0o644
		if err := out.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := io.WriteString(out, content); err != nil {
			return err
		}
	}
	return out.Close()
}
