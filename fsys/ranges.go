package fsys

import (
	"slices"

	"pfsd/pfs"
)

// span is the bytes from off up to, and not including, end.
type span struct{ off, end int64 }

// ranges is a set of bytes of a file: sorted, disjoint spans that do not touch. The zero value is the empty set.
type ranges []span

// find returns the index of the first span that ends behind off.
func (r ranges) find(off int64) int {
	i, _ := slices.BinarySearchFunc(r, off, func(s span, off int64) int {
		if s.end <= off {
			return -1
		}
		return 1
	})
	return i
}

// add puts the bytes of s in the set.
func (r *ranges) add(s span) {
	if s.off >= s.end {
		return
	}
	first := r.find(s.off)
	if first > 0 && (*r)[first-1].end == s.off {
		first--
	}
	last := first
	for last < len(*r) && (*r)[last].off <= s.end {
		s.off, s.end = min(s.off, (*r)[last].off), max(s.end, (*r)[last].end)
		last++
	}
	*r = slices.Replace(*r, first, last, s)
}

// remove takes the bytes of s out of the set.
func (r *ranges) remove(s span) {
	if s.off >= s.end {
		return
	}
	first := r.find(s.off)
	var rest []span
	last := first
	for ; last < len(*r) && (*r)[last].off < s.end; last++ {
		if had := (*r)[last]; had.off < s.off {
			rest = append(rest, span{had.off, s.off})
		}
		if had := (*r)[last]; had.end > s.end {
			rest = append(rest, span{s.end, had.end})
		}
	}
	*r = slices.Replace(*r, first, last, rest...)
}

// addAll puts all bytes of other in the set.
func (r *ranges) addAll(other ranges) {
	for _, s := range other {
		r.add(s)
	}
}

// within returns the part of the set that is in s.
func (r ranges) within(s span) ranges {
	var part ranges
	if s.off >= s.end {
		return nil
	}
	for i := r.find(s.off); i < len(r) && r[i].off < s.end; i++ {
		part = append(part, span{max(r[i].off, s.off), min(r[i].end, s.end)})
	}
	return part
}

// covers reports whether all bytes of s are in the set.
func (r ranges) covers(s span) bool {
	i := r.find(s.off)
	return s.off >= s.end || i < len(r) && r[i].off <= s.off && r[i].end >= s.end
}

// size is the number of bytes in the set.
func (r ranges) size() int64 {
	n := int64(0)
	for _, s := range r {
		n += s.end - s.off
	}
	return n
}

// asRanges returns the set as the store takes it.
func (r ranges) asRanges() []pfs.Range {
	out := make([]pfs.Range, len(r))
	for i, s := range r {
		out[i] = pfs.Range{Offset: s.off, Size: s.end - s.off}
	}
	return out
}
