package cli

import (
	"archive/tar"
	"strconv"
	"strings"
)

// A file of which an archive has only a part has a map of that: the offset and the size of each range that is there. In the format
// of GNU tar it is in the header and in blocks behind it, in those of PAX in a record, or in front of the file's bytes.

// The fields of a header of GNU tar: four ranges and a mark for more blocks, which have 21 ranges and a mark each.
const (
	oldMap, oldMore   = 386, 482
	moreMap, moreMore = 0, 504
	rangeSize         = 24
)

// fileRange is a range of a file, in bytes.
type fileRange struct{ off, size int64 }

// end is the offset of the first byte behind the range.
func (r fileRange) end() int64 { return r.off + r.size }

// sparseMap returns the ranges of a file that the archive has bytes of, in order. It returns tar.ErrHeader when they are not within
// the file, or not as many bytes as the archive has of it.
func (a *archiveInput) sparseMap(head *tar.Header) ([]fileRange, error) {
	parse := a.mapBeforeBytes
	switch {
	case head.Typeflag == tar.TypeGNUSparse:
		parse = a.mapInBlocks
	case head.PAXRecords["GNU.sparse.major"] != "1":
		parse = a.mapInRecord
	}
	ranges, size, ok := parse(head)
	var at, sum int64
	for _, r := range ranges {
		ok = ok && r.off >= at && r.size >= 0 && r.size <= head.Size-r.off
		at, sum = r.end(), sum+r.size
	}
	if !ok || sum != size {
		return nil, tar.ErrHeader
	}
	return ranges, nil
}

// mapInBlocks returns the map of a header of GNU tar, and how many bytes the archive has of the file.
func (a *archiveInput) mapInBlocks(*tar.Header) (ranges []fileRange, size int64, ok bool) {
	for end := len(a.head); end >= blockSize; end -= blockSize {
		b, more := a.head[end-blockSize:end], end < len(a.head)
		if b[156] != tar.TypeGNUSparse || !isHeader(b) || (b[oldMore] != 0) != more {
			// It is one of the blocks behind the header.
			if (b[moreMore] != 0) != more {
				break
			}
			continue
		}
		if size, ok = number(b[124:136]); ok {
			ranges, ok = appendRanges(nil, b[oldMap:oldMore])
		}
		for ; ok && end < len(a.head); end += blockSize {
			ranges, ok = appendRanges(ranges, a.head[end:][moreMap:moreMore])
		}
		return ranges, size, ok
	}
	return nil, 0, false
}

// appendRanges appends the ranges in a block of GNU tar, of which one without an offset is the end.
func appendRanges(ranges []fileRange, b []byte) ([]fileRange, bool) {
	for ; len(b) >= rangeSize && b[0] != 0; b = b[rangeSize:] {
		off, ok := number(b[:rangeSize/2])
		size, alsoOK := number(b[rangeSize/2 : rangeSize])
		if !ok || !alsoOK {
			return nil, false
		}
		ranges = append(ranges, fileRange{off, size})
	}
	return ranges, true
}

// mapInRecord returns the map in a PAX record, as of versions 0.0 and 0.1.
func (a *archiveInput) mapInRecord(head *tar.Header) (ranges []fileRange, size int64, ok bool) {
	if len(a.head) < blockSize {
		return nil, 0, false
	}
	if size, ok = sizeIn(head, a.head[len(a.head)-blockSize:]); !ok {
		return nil, 0, false
	}
	numbers := strings.Split(head.PAXRecords["GNU.sparse.map"], ",")
	if len(numbers) == 1 && numbers[0] == "" {
		numbers = nil
	}
	ranges, ok = rangesOf(numbers)
	return ranges, size, ok
}

// mapBeforeBytes returns the map that stands in front of a file's bytes, as of version 1.0.
func (a *archiveInput) mapBeforeBytes(head *tar.Header) (ranges []fileRange, size int64, ok bool) {
	for end := len(a.head) - blockSize; end >= blockSize; end -= blockSize {
		b := a.head[end-blockSize : end]
		if !isHeader(b) {
			continue
		}
		if size, ok = sizeIn(head, b); !ok {
			return nil, 0, false
		}
		lines := strings.Split(string(a.head[end:]), "\n")
		count, err := strconv.Atoi(lines[0])
		// Behind the last line is what fills the block.
		if err != nil || count < 0 || count > len(lines)/2 || 2*count+1 >= len(lines) {
			return nil, 0, false
		}
		ranges, ok = rangesOf(lines[1 : 2*count+1])
		return ranges, size - int64(len(a.head)-end), ok
	}
	return nil, 0, false
}

// sizeIn returns how many bytes follow a header: what a record says, or else the header b itself.
func sizeIn(head *tar.Header, b []byte) (int64, bool) {
	if text := head.PAXRecords["size"]; text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	}
	return number(b[124:136])
}

// rangesOf returns the ranges whose offsets and sizes are in numbers, in turns.
func rangesOf(numbers []string) ([]fileRange, bool) {
	if len(numbers)%2 != 0 {
		return nil, false
	}
	ranges := make([]fileRange, len(numbers)/2)
	for i := range ranges {
		off, err := strconv.ParseInt(numbers[2*i], 10, 64)
		size, alsoErr := strconv.ParseInt(numbers[2*i+1], 10, 64)
		if err != nil || alsoErr != nil || off < 0 || size < 0 {
			return nil, false
		}
		ranges[i] = fileRange{off, size}
	}
	return ranges, true
}
