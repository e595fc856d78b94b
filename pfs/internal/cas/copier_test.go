package cas

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
)

// fileTaker is a FileSender that counts what it gets in which way.
type fileTaker struct {
	bytes.Buffer
	sent int64
	// err is what SendFile fails with, behind a byte.
	err error
}

func (f *fileTaker) SendFile(file *os.File, off, n int64) (int64, error) {
	if f.err != nil {
		return 1, f.err
	}
	f.sent += n
	return io.Copy(&f.Buffer, io.NewSectionReader(file, off, n))
}

// TestCopySendsFiles copies ranges of a content of chunks in packs, holes and a chunk in its row.
func TestCopySendsFiles(t *testing.T) {
	b := newBench(t)
	data := slices.Concat(bytesOf(1, 3<<20), make([]byte, 1<<20), bytesOf(2, 1<<20), make([]byte, 64<<10*3), bytesOf(3, 1000))
	c := b.ingest(t, data)
	r := b.Open(c)
	for _, span := range [][2]int{{0, len(data)}, {1, len(data) - 2}, {700_000, 1}, {2 << 20, 3 << 20}, {len(data) - 500, 500}, {5, 0}} {
		var whole fileTaker
		n, err := r.CopyTo(t.Context(), &whole, int64(span[0]), int64(span[1]))
		want := data[span[0]:][:span[1]]
		if n != int64(len(want)) || err != nil || !bytes.Equal(whole.Bytes(), want) {
			t.Errorf("%d bytes at %d: %d are copied, %v", span[1], span[0], n, err)
		}
		if span[1] > 4<<20 && (whole.sent < 4<<20-4*maxInline || whole.sent > 4<<20) {
			t.Errorf("%d bytes are sent, of 4 MiB, nearly all of which are in packs", whole.sent)
		}
		if span[1] < minSent && whole.sent > 0 {
			t.Errorf("a piece of %d bytes is sent", span[1])
		}
	}
	broken := errors.New("broken")
	if n, err := r.CopyTo(t.Context(), &fileTaker{err: broken}, 0, c.Size); n != 1 || err != broken {
		t.Errorf("a sender that fails: %d, %v", n, err)
	}
}
