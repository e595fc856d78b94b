package bench_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pfsd/integration/harness"
)

// largeTree is how many files the tree has that programs go through.
const largeTree = 100_000

// tree has programs go through a large tree in a mount, and one like it in the local file system, and watches what the server
// holds meanwhile.
func (b *bench) tree() {
	s := harness.New(b.t)
	s.Pfsd("repo", "create", "bench")
	mount := s.Mount("master.bench")
	local := filepath.Join(s.Dir, "local")
	if err := os.Mkdir(local, 0o755); err != nil {
		b.t.Fatal(err)
	}
	archive := filepath.Join(s.Dir, "many.tar")
	out, err := os.Create(archive)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := archiveOf(out, largeTree); err != nil {
		b.t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.t.Fatal(err)
	}
	steps := []struct{ what, script string }{
		{"`find`", `find "$1" -type f | wc -l`}, {"`find`, second time", `find "$1" -type f | wc -l`}, {"`du`", `du -s "$1"`},
		{"`ls -lR`", `ls -lR "$1" | wc -l`}, {"`rm -rf`", `rm -rf "$1"`},
	}
	seconds := make([][2][]float64, len(steps))
	watch := harness.WatchMemory(b.t, mount.Process)
	for range b.rounds {
		s.Pfsd("import", archive, "bench:/tree")
		s.Run(s.Command("sh", "-euc", `mkdir "$1" && tar -C "$1" -xf "$2"`, "sh", filepath.Join(local, "tree"), archive))
		for i, step := range steps {
			for side, dir := range []string{mount.Dir, local} {
				begun := time.Now()
				s.Run(s.Command("sh", "-euc", step.script, "sh", filepath.Join(dir, "tree")))
				seconds[i][side] = append(seconds[i][side], time.Since(begun).Seconds())
			}
		}
	}
	const limit = 400 << 20
	peak := float64(watch.Peak())
	b.add(row{what: fmt.Sprintf("memory, programs in a tree of %d files", largeTree), figure: mebibytes(peak), limit: mebibytes(limit),
		ratio: spread([]float64{peak / limit}), mark: 1, atMost: true})
	var table strings.Builder
	fmt.Fprintf(&table, "## A tree of %d files\n\nHow long programs take to go through it, in a mount and in the local file system; the first of them finds "+
		"the caches of the\nkernel empty in the mount, and filled by what has made the tree in the local file system. The ratio is of the rates.\n\n"+
		"| what | mount | local | ratio |\n|---|---|---|---|\n", largeTree)
	for i, step := range steps {
		r := ratios(seconds[i][1], seconds[i][0])
		fmt.Fprintf(&table, "| %s | %.2f s | %.2f s | %.2f (%.2f to %.2f) |\n", step.what, median(seconds[i][0]), median(seconds[i][1]), r.median, r.least, r.most)
		b.t.Logf("%s: %.2f s, local %.2f s", step.what, median(seconds[i][0]), median(seconds[i][1]))
	}
	b.tables = append(b.tables, table.String())
}
