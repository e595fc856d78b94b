package bench_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"pfsd/integration/harness"
)

// meanChunk is what chunks of source trees have in the mean (DESIGN.md, section 6).
const meanChunk = 149_000

// delta stores two versions of a source tree as tar archives, and compares what the second takes with what rsync would send.
func (b *bench) delta() {
	s := harness.New(b.t)
	s.Pfsd("repo", "create", "bench")
	source := tree(b.t, s, 1_000_000)
	// Written by the same program as the others, with no edits: headers have many forms.
	first := b.release(s, source, "first.tar", func(string, *rand.Rand) float64 { return 1 })
	s.Pfsd("put", first, "bench:/tree.tar")
	var table strings.Builder
	fmt.Fprintf(&table, "## A second version of a source tree\n\nGo's sources as a tar archive of %s, and as another release of them: 3 files of 100 "+
		"are edited, with some new and gone,\nall over the tree or in a tenth of its directories. New is what an rsync-style delta calls new, "+
		"by the size of its blocks.\n\n| edits | stored | block | new | stored / new |\n|---|---|---|---|---|\n", fileSize(first))
	for _, edits := range []struct {
		where string
		fate  func(string, *rand.Rand) float64
	}{{"all over", anywhere}, {"clustered", clustered}} {
		second := b.release(s, source, "second.tar", edits.fate)
		before := packBytes(s)
		s.Pfsd("put", second, "bench:/tree.tar")
		stored := packBytes(s) - before
		for _, block := range []int{meanChunk / 2, meanChunk, 2 * meanChunk} {
			fresh := float64(b.literal(first, second, block))
			fmt.Fprintf(&table, "| %s | %s | %d KB | %s | %.2f |\n", edits.where, mebibytes(stored), block/1000, mebibytes(fresh), stored/fresh)
			if block == meanChunk {
				b.add(row{what: "second release of a source tree, edits " + edits.where + ": stored", figure: mebibytes(stored),
					limit: fmt.Sprintf("%s, rsync with blocks of %d KB", mebibytes(fresh), block/1000),
					ratio: spread([]float64{stored / fresh}), mark: 1.1, atMost: true})
			}
		}
	}
	b.tables = append(b.tables, table.String())
}

// packBytes is the size of the store's packs.
func packBytes(s *harness.Store) float64 {
	var status struct {
		Store struct {
			PackBytes int64 `json:"pack_bytes"`
		}
	}
	s.PfsdJSON(&status, "status", "--json")
	return float64(status.Store.PackBytes)
}

func fileSize(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return "?"
	}
	return mebibytes(float64(info.Size()))
}

// release makes another release of an archive, by fate, and returns its path.
func (b *bench) release(s *harness.Store, archive, name string, fate func(string, *rand.Rand) float64) string {
	b.t.Helper()
	path := filepath.Join(s.Dir, name)
	in, err := os.Open(archive)
	if err != nil {
		b.t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(path)
	if err == nil {
		err = errors.Join(edit(tar.NewReader(in), tar.NewWriter(out), fate), out.Close())
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return path
}

// edit copies an archive as another release would be: some files have changed lines, some are gone, some are new.
func edit(in *tar.Reader, out *tar.Writer, fate func(string, *rand.Rand) float64) error {
	r := harness.Rand(1)
	for {
		header, err := in.Next()
		if err == io.EOF {
			return out.Close()
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		for i, data := range edited(data, fate(header.Name, r), r) {
			h := *header
			h.Name, h.Size = strings.Repeat("new-", i)+header.Name, int64(len(data))
			if err := out.WriteHeader(&h); err != nil {
				return err
			}
			if _, err := out.Write(data); err != nil {
				return err
			}
		}
	}
}

// anywhere and clustered draw a number below 1 that says what becomes of a file: as likely any as any other, or, for the same
// number of edits in all, small ones in a tenth of the directories.
func anywhere(_ string, r *rand.Rand) float64 { return r.Float64() }

func clustered(name string, r *rand.Rand) float64 {
	n := r.Float64()
	if crc32.ChecksumIEEE([]byte(filepath.Dir(name)))%10 > 0 {
		return 1
	}
	return n / 10
}

// edited returns what becomes of a file: nothing, one file, or two.
func edited(data []byte, fate float64, r *rand.Rand) [][]byte {
	switch {
	case fate < 0.01:
		return nil
	case fate < 0.02:
		return [][]byte{data, editLines(data, r)}
	case fate < 0.05:
		return [][]byte{editLines(data, r)}
	}
	return [][]byte{data}
}

// editLines replaces, adds and removes a few lines.
func editLines(data []byte, r *rand.Rand) []byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	for range 1 + r.IntN(5) {
		i := r.IntN(len(lines))
		switch r.IntN(3) {
		case 0:
			lines[i] = fmt.Appendf(nil, "\t// edited %d\n", r.Uint64())
		case 1:
			lines[i] = append(bytes.Clone(lines[i]), fmt.Sprintf("\t// added %d\n", r.Uint64())...)
		case 2:
			lines[i] = nil
		}
	}
	return bytes.Join(lines, nil)
}

// literal is how many bytes of the file second are in none of the aligned blocks of first, as rsync finds them: by a rolling
// sum at every offset.
func (b *bench) literal(first, second string, block int) (fresh int) {
	b.t.Helper()
	old, err := os.ReadFile(first)
	if err != nil {
		b.t.Fatal(err)
	}
	data, err := os.ReadFile(second)
	if err != nil {
		b.t.Fatal(err)
	}
	blocks := map[uint64]bool{}
	maybe := make([]bool, 1<<20) // by the upper bits, which are looked at first
	for at := 0; at+block <= len(old); at += block {
		sum := newRolling(old[at : at+block]).sum
		blocks[sum], maybe[sum>>44] = true, true
	}
	if len(data) < block {
		return len(data)
	}
	sum := newRolling(data[:block])
	for at := 0; ; {
		if !maybe[sum.sum>>44] || !blocks[sum.sum] {
			if fresh++; at+block >= len(data) {
				return fresh + block - 1
			}
			sum.roll(data[at], data[at+block])
			at++
			continue
		}
		if at += block; at+block > len(data) {
			return fresh + len(data) - at
		}
		sum = newRolling(data[at : at+block])
	}
}

// rolling is a polynomial hash of 64 bits of the last bytes; two blocks of a few hundred MB that agree in it are the same.
type rolling struct {
	sum, top uint64 // top is prime to the power of the number of bytes
}

const prime = 0x9e3779b97f4a7c15 | 1

func newRolling(p []byte) rolling {
	r := rolling{top: 1}
	for _, c := range p {
		r.sum = r.sum*prime + uint64(c) + 1
		r.top *= prime
	}
	return r
}

func (r *rolling) roll(gone, come byte) {
	r.sum = r.sum*prime + uint64(come) + 1 - r.top*(uint64(gone)+1)
}
