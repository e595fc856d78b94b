package s3

import (
	"strconv"
	"strings"
)

// byteRange is a range of bytes of an object.
type byteRange struct {
	offset, size int64
}

// contentRange is the range as the header Content-Range has it.
func (b byteRange) contentRange(total int64) string {
	return "bytes " + strconv.FormatInt(b.offset, 10) + "-" + strconv.FormatInt(b.offset+b.size-1, 10) + "/" +
		strconv.FormatInt(total, 10)
}

// rangeResult says what became of a Range header.
type rangeResult uint8

const (
	// rangeIgnored is one that is not understood, or asks for several ranges: the whole is sent.
	rangeIgnored rangeResult = iota
	rangeOK
	// rangeOutside is one that begins behind the end.
	rangeOutside
)

// parseRange returns the range of an object of that size that a Range header asks for.
func parseRange(header string, size int64) (byteRange, rangeResult) {
	spec, found := strings.CutPrefix(strings.TrimSpace(header), "bytes=")
	first, last, dashed := strings.Cut(spec, "-")
	if !found || !dashed || !isDigits(first) || !isDigits(last) || first == "" && last == "" {
		return byteRange{}, rangeIgnored
	}
	if first == "" {
		wanted := parseOffset(last)
		n := min(wanted, size)
		switch {
		case wanted == 0:
			return byteRange{}, rangeOutside
		case n == 0:
			// RFC 9110, section 14.1.2, has all of the object then, and no Content-Range can say which bytes of none.
			return byteRange{}, rangeIgnored
		}
		return byteRange{size - n, n}, rangeOK
	}
	from, to := parseOffset(first), int64(maxOffset)
	if last != "" {
		to = parseOffset(last)
	}
	switch {
	case to < from:
		return byteRange{}, rangeIgnored
	case from >= size:
		return byteRange{}, rangeOutside
	}
	return byteRange{from, min(to, size-1) - from + 1}, rangeOK
}

// maxOffset stands for every offset that no object has.
const maxOffset = 1<<63 - 2

func parseOffset(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > maxOffset {
		return maxOffset
	}
	return n
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
