package fsys

import (
	"errors"
	"io"
)

// stored is bytes in blocks of a scratch file.
type stored struct {
	file *scratchFile
	// blocks has the number in the scratch file of each block, of which block n begins at offset n*block.
	blocks map[int64]int64
}

// at returns where in the scratch file the byte at off is, if it is in a block.
func (s stored) at(off int64) (at int64, ok bool) {
	b, ok := s.blocks[off/block]
	return b*block + off%block, ok
}

// ReadAt reads what is in blocks, and zeros where there is none.
func (s stored) ReadAt(p []byte, off int64) (int, error) {
	for done := 0; done < len(p); {
		at, ok := s.at(off + int64(done))
		piece := p[done:][:min(int64(len(p)-done), block-at%block)]
		n := 0
		if ok {
			var err error
			if n, err = s.file.ReadAt(piece, at); err != nil && !errors.Is(err, io.EOF) {
				return done + n, err
			}
		}
		clear(piece[n:])
		done += len(piece)
	}
	return len(p), nil
}

// punch has a range read as zeros, and takes the space of it.
func (s stored) punch(gone span) error {
	first, last := gone.off/block, (gone.end-1)/block
	if last-first < int64(len(s.blocks)) {
		for n := first; n <= last; n++ {
			if err := s.punchBlock(n, gone); err != nil {
				return err
			}
		}
		return nil
	}
	for n := range s.blocks {
		if err := s.punchBlock(n, gone); err != nil {
			return err
		}
	}
	return nil
}

// punchBlock punches what of a range is in a block, if that is there.
func (s stored) punchBlock(n int64, gone span) error {
	begin, end := max(gone.off, n*block), min(gone.end, (n+1)*block)
	at, ok := s.at(begin)
	if !ok || begin >= end {
		return nil
	}
	return s.file.punch(at, end-begin)
}
