package chunker_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"pfsd/chunker"
)

var update = flag.Bool("update", false, "write the golden files anew")

// bytesOf returns n random bytes, always the same for the same seed.
func bytesOf(seed byte, n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(p)
	return p
}

// join returns the concatenation of its arguments.
func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// pieces returns what a Chunker makes of r, with the data copied.
func pieces(t testing.TB, r io.Reader, offset int64) []chunker.Piece {
	t.Helper()
	c := chunker.New(r, offset)
	defer c.Close()
	var all []chunker.Piece
	for {
		p, err := c.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Data = bytes.Clone(p.Data)
		all = append(all, p)
	}
}

// cuts returns the offsets at which pieces begin, with "h" behind those of holes.
func cuts(all []chunker.Piece) string {
	var b bytes.Buffer
	for _, p := range all {
		fmt.Fprintf(&b, "%d+%d", p.Offset, p.Size)
		if p.Hole {
			b.WriteByte('h')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// check fails the test unless all are legal pieces of data, the bytes of a file from offset to its end.
func check(t testing.TB, all []chunker.Piece, data []byte, offset int64) {
	t.Helper()
	next, end := offset, offset+int64(len(data))
	for i, p := range all {
		want := data[p.Offset-offset : p.End()-offset]
		atEdge := p.End() == end || p.End()%chunker.Window == 0 || i+1 < len(all) && all[i+1].Hole
		switch {
		case p.Offset != next:
			t.Fatalf("piece %d begins at %d, want %d", i, p.Offset, next)
		case p.Offset/chunker.Window != (p.End()-1)/chunker.Window:
			t.Fatalf("piece %d, %d to %d, crosses a window's end", i, p.Offset, p.End())
		case p.Hole && (p.Offset%chunker.HoleUnit != 0 || p.Size%chunker.HoleUnit != 0 || p.Size == 0):
			t.Fatalf("hole %d to %d is not of whole units", p.Offset, p.End())
		case p.Hole && (p.Data != nil || !bytes.Equal(want, make([]byte, p.Size))):
			t.Fatalf("hole %d to %d has data", p.Offset, p.End())
		case p.Hole && i > 0 && all[i-1].Hole && p.Offset%chunker.Window != 0:
			t.Fatalf("hole %d to %d adjoins another", p.Offset, p.End())
		case !p.Hole && !bytes.Equal(want, p.Data):
			t.Fatalf("piece %d to %d has other bytes than the file", p.Offset, p.End())
		case !p.Hole && (p.Size > chunker.Max || p.Size == 0 || p.Size < chunker.Min && !atEdge):
			t.Fatalf("chunk %d to %d has a bad size", p.Offset, p.End())
		case p.Last != (p.End() == end):
			t.Fatalf("piece %d to %d of %d says of itself that it is the last: %t", p.Offset, p.End(), end, p.Last)
		case !p.Hole && hasUnit(p):
			t.Fatalf("chunk %d to %d has a hole in it", p.Offset, p.End())
		}
		next = p.End()
	}
	if next != end {
		t.Fatalf("pieces end at %d, want %d", next, end)
	}
}

// hasUnit reports whether the chunk p contains a unit that should be a hole.
func hasUnit(p chunker.Piece) bool {
	zero := make([]byte, chunker.HoleUnit)
	first := (p.Offset + chunker.HoleUnit - 1) / chunker.HoleUnit * chunker.HoleUnit
	for u := first; u+chunker.HoleUnit <= p.End(); u += chunker.HoleUnit {
		if bytes.Equal(p.Data[u-p.Offset:][:chunker.HoleUnit], zero) {
			return true
		}
	}
	return false
}

func TestHoles(t *testing.T) {
	const unit = chunker.HoleUnit
	zero := func(n int) []byte { return make([]byte, n) }
	one := []byte{1}
	for _, c := range []struct {
		name   string
		offset int64
		data   []byte
		want   string
	}{
		{"nothing", 0, nil, ""},
		{"one byte", 0, one, "0+1 "},
		{"one byte far out", 1 << 50, one, "1125899906842624+1 "},
		{"zeros, less than a unit", 0, zero(unit - 1), "0+65535 "},
		{"zeros, a unit", 0, zero(unit), "0+65536h "},
		{"zeros, a unit and a byte", 0, zero(unit + 1), "0+65536h 65536+1 "},
		{"zeros, two units", 0, zero(2 * unit), "0+131072h "},
		{"zeros, not aligned", 1, zero(2 * unit), "1+65535 65536+65536h 131072+1 "},
		{"zeros over a window's end", chunker.Window - unit, zero(2 * unit), "16711680+65536h 16777216+65536h "},
		{"data between holes", 0, join(zero(unit), one, zero(unit-1), zero(unit)), "0+65536h 65536+65536 131072+65536h "},
		{"data in the last byte of a unit", 0, join(zero(unit-1), one, zero(unit)), "0+65536 65536+65536h "},
		{"data up to a hole", 0, join(bytesOf(1, unit), zero(unit), one), "0+65536 65536+65536h 131072+1 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := pieces(t, bytes.NewReader(c.data), c.offset)
			check(t, all, c.data, c.offset)
			if got := cuts(all); got != c.want {
				t.Errorf("cuts %q, want %q", got, c.want)
			}
		})
	}
}

// TestGolden pins the cuts: other ones are another format on disk.
func TestGolden(t *testing.T) {
	random := bytesOf(2, 20<<20)
	text := bytes.Repeat([]byte("All work and no play makes Jack a dull boy.\n"), 30000)
	inputs := []struct {
		name string
		data []byte
	}{
		{"random", random},
		{"text", text},
		{"same", bytes.Repeat([]byte{0xaa}, 3<<20)},
		{"holes", join(random[:100000], make([]byte, 300000), random[:100000], make([]byte, 17<<20), random[:1<<20])},
	}
	var b bytes.Buffer
	for _, in := range inputs {
		all := pieces(t, bytes.NewReader(in.data), 0)
		check(t, all, in.data, 0)
		fmt.Fprintf(&b, "# %s: %d bytes, SHA-256 %x, %d pieces\n", in.name, len(in.data), sha256.Sum256(in.data), len(all))
		for _, p := range all {
			kind := "data"
			if p.Hole {
				kind = "hole"
			}
			fmt.Fprintf(&b, "%s %d %d\n", kind, p.Offset, p.Size)
		}
	}
	golden(t, "cuts.txt", b.Bytes())
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

// TestSizes checks that sizes are drawn to Avg and that the largest is rare.
func TestSizes(t *testing.T) {
	all := pieces(t, bytes.NewReader(bytesOf(3, 24<<20)), 0)
	largest := 0
	for _, p := range all {
		if p.Size == chunker.Max {
			largest++
		}
	}
	mean := 24 << 20 / len(all)
	if mean < chunker.Avg*3/4 || mean > chunker.Avg*5/4 {
		t.Errorf("mean size %d, want about %d", mean, chunker.Avg)
	}
	if largest > len(all)/100 {
		t.Errorf("%d of %d chunks are of the largest size", largest, len(all))
	}
}

// TestReaders checks that the cuts do not depend on how a reader hands out its bytes.
func TestReaders(t *testing.T) {
	data := join(bytesOf(4, 3<<19), make([]byte, 1<<19), bytesOf(5, 1<<19), make([]byte, 70000))
	want := cuts(pieces(t, bytes.NewReader(data), 0))
	for _, c := range []struct {
		name string
		wrap func(io.Reader) io.Reader
	}{
		{"one byte", iotest.OneByteReader},
		{"half", iotest.HalfReader},
		{"data with EOF", iotest.DataErrReader},
		{"sometimes empty", func(r io.Reader) io.Reader { return &stutter{r: r} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := cuts(pieces(t, c.wrap(bytes.NewReader(data)), 0)); got != want {
				t.Errorf("cuts\n%s, want\n%s", got, want)
			}
		})
	}
}

// stutter is a reader that gives nothing every other time.
type stutter struct {
	r    io.Reader
	tick bool
}

func (s *stutter) Read(p []byte) (int, error) {
	if s.tick = !s.tick; s.tick {
		return 0, nil
	}
	return s.r.Read(p[:min(len(p), 1000)])
}

// TestRestart checks that whoever begins at a cut goes on with the cuts of who began before it, and that bytes from the
// Horizon on change nothing before it.
func TestRestart(t *testing.T) {
	data := join(bytesOf(6, 3<<19), make([]byte, 300000), bytesOf(7, 1<<20), make([]byte, 1<<18))
	const start = chunker.Window - 2<<20 // so that a window ends within
	end := start + int64(len(data))
	all := pieces(t, bytes.NewReader(data), start)
	check(t, all, data, start)
	tails := map[string][]byte{"end": nil, "zeros": make([]byte, 1<<18), "random": bytesOf(8, 1<<18)}
	for i, p := range all {
		rest := data[p.Offset-start:]
		if got := cuts(pieces(t, bytes.NewReader(rest), p.Offset)); got != cuts(all[i:]) {
			t.Fatalf("from cut %d at %d: other cuts", i, p.Offset)
		}
		horizon := chunker.Horizon(p.End())
		if p.Hole || horizon > end {
			continue
		}
		for name, tail := range tails {
			got := pieces(t, bytes.NewReader(join(rest[:horizon-p.Offset], tail)), p.Offset)
			if cuts(got[:1]) != cuts(all[i:i+1]) {
				t.Fatalf("%s behind the horizon of %s: became %s", name, cuts(all[i:i+1]), cuts(got[:1]))
			}
		}
	}
}

// TestEdit checks that an edit leaves most chunks as they are.
func TestEdit(t *testing.T) {
	data := bytesOf(9, 12<<20)
	edited := join(data[:5<<20], []byte("inserted"), data[5<<20:])
	known := map[[32]byte]bool{}
	for _, p := range pieces(t, bytes.NewReader(data), 0) {
		known[sha256.Sum256(p.Data)] = true
	}
	added := 0
	for _, p := range pieces(t, bytes.NewReader(edited), 0) {
		if !known[sha256.Sum256(p.Data)] {
			added++
		}
	}
	if added > 4 {
		t.Errorf("an insertion of 8 bytes made %d new chunks", added)
	}
}

func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		r     io.Reader
		want  error
		least int64 // how many bytes must come out before the error
	}{
		{"at once", iotest.ErrReader(broken), broken, 0},
		{"after a few bytes", io.MultiReader(bytes.NewReader(bytesOf(1, 10)), iotest.ErrReader(broken)), broken, 0},
		{"after many", io.MultiReader(bytes.NewReader(bytesOf(1, 5<<20)), iotest.ErrReader(broken)), broken, 4 << 20},
		{"within a hole", io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), iotest.ErrReader(broken)), broken, 0},
		{"no progress", nothing{}, io.ErrNoProgress, 0},
		{"unexpected end", iotest.ErrReader(io.ErrUnexpectedEOF), io.ErrUnexpectedEOF, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			ch := chunker.New(c.r, 0)
			defer ch.Close()
			var size int64
			var err error
			for err == nil {
				var p chunker.Piece
				p, err = ch.Next()
				size += p.Size
			}
			if err != c.want || size < c.least {
				t.Errorf("error %v after %d bytes, want %v after %d", err, size, c.want, c.least)
			}
			if _, again := ch.Next(); again != c.want {
				t.Errorf("then %v, want the same error", again)
			}
		})
	}
}

// holey is a reader that knows of all its runs of zeros of at least a certain length, and counts the bytes that are read.
type holey struct {
	data  []byte
	at    int
	least int
	read  int
	// zeros is the end of the zeros that begin before or at the place at which it was last looked for.
	zeros int
}

func (h *holey) Zeros() int64 {
	if h.zeros <= h.at {
		h.zeros = len(h.data) - len(bytes.TrimLeft(h.data[h.at:], "\x00"))
	}
	if h.zeros-h.at < h.least {
		return 0
	}
	return int64(h.zeros - h.at)
}

func (h *holey) Skip(n int64) { h.at += int(n) }

func (h *holey) Read(p []byte) (int, error) {
	if h.at == len(h.data) {
		return 0, io.EOF
	}
	n := copy(p, h.data[h.at:])
	h.at, h.read = h.at+n, h.read+n
	return n, nil
}

// TestKnownZeros checks that the cuts are the same when the reader knows of its holes, and that these are not read.
func TestKnownZeros(t *testing.T) {
	const unit = chunker.HoleUnit
	zero := func(n int) []byte { return make([]byte, n) }
	for name, data := range map[string][]byte{
		"one window":        zero(chunker.Window),
		"zeros alone":       zero(chunker.Window + 3*unit + 5),
		"data first":        join(bytesOf(1, 100_001), zero(chunker.Window+unit), bytesOf(2, 10)),
		"data last":         join(zero(chunker.Window+7), bytesOf(3, unit)),
		"data around":       join(bytesOf(4, chunker.Window-1), zero(2*unit), bytesOf(5, 3*unit), zero(4*unit-1), bytesOf(6, 700_000), zero(8*unit)),
		"less than a unit":  join(bytesOf(7, 10), zero(unit), bytesOf(8, unit), zero(unit-11), bytesOf(9, 50)),
		"to a window's end": join(bytesOf(10, unit), zero(chunker.Window-unit), bytesOf(11, 5)),
	} {
		for _, offset := range []int64{0, 1, chunker.Window - unit} {
			all := pieces(t, bytes.NewReader(data), offset)
			for _, least := range []int{1, 3 * unit} {
				r := &holey{data: data, least: least}
				got := pieces(t, r, offset)
				check(t, got, data, offset)
				if cuts(got) != cuts(all) {
					t.Errorf("%s at %d: cuts %s, want %s", name, offset, cuts(got), cuts(all))
				}
				if most := bytes.Count(data, nil) - bytes.Count(data, []byte{0}) + 4<<20; r.read > most {
					t.Errorf("%s at %d: %d bytes were read, at most %d should be", name, offset, r.read, most)
				}
			}
		}
	}
}

// nothing is a reader that never gives anything.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestClose(t *testing.T) {
	c := chunker.New(bytes.NewReader(bytesOf(1, 1000)), 0)
	c.Close()
	c.Close()
	if _, err := c.Next(); err != io.ErrClosedPipe {
		t.Errorf("Next after Close: %v", err)
	}
}

// FuzzChunker checks the pieces of files that a short script describes: runs of zeros, of repeated and of random bytes.
func FuzzChunker(f *testing.F) {
	f.Add(uint32(0), []byte("\x00\x10\x01\x20\x02\x30"))
	f.Add(uint32(chunker.Window-5), []byte("\x02\xff\x00\xff\x02\x01\x00\x40"))
	f.Add(uint32(77), []byte("\x00\xff\x00\xff\x00\xff\x01\x01"))
	f.Fuzz(func(t *testing.T, start uint32, script []byte) {
		var data []byte
		for i := 0; i+1 < len(script) && len(data) < 4<<20; i += 2 {
			n := int(script[i+1]) * 3001
			switch script[i] % 4 {
			case 0:
				data = append(data, make([]byte, n)...)
			case 1:
				data = append(data, bytes.Repeat([]byte{script[i]}, n)...)
			case 2:
				data = append(data, bytesOf(script[i], n)...)
			case 3: // up to the next unit
				data = append(data, make([]byte, chunker.HoleUnit-len(data)%chunker.HoleUnit)...)
			}
		}
		offset := int64(start)
		all := pieces(t, bytes.NewReader(data), offset)
		check(t, all, data, offset)
		r := io.Reader(&stutter{r: bytes.NewReader(data)})
		if got := cuts(pieces(t, r, offset)); got != cuts(all) {
			t.Fatalf("cuts depend on the reader: %s and %s", got, cuts(all))
		}
	})
}

func BenchmarkNext(b *testing.B) {
	data := bytesOf(1, 64<<20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		c := chunker.New(bytes.NewReader(data), 0)
		for {
			if _, err := c.Next(); err != nil {
				break
			}
		}
		c.Close()
	}
}
