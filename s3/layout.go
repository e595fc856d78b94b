package s3

import (
	"encoding/base64"
	"strconv"
	"strings"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// layoutHeader is where the layout of an object's parts is kept, among its headers; it is not given back as one.
const layoutHeader = "x-amz-mp-layout"

// maxDigests is how many bytes of parts' checksums are kept with an object. Those of more parts are computed anew when they
// are asked for: an entry with them all would be a burden to each change beside it.
const maxDigests = 4 << 10

// partLayout is how an object was uploaded in parts.
type partLayout struct {
	// upload is the id of the upload.
	upload string
	// sizes are those of the parts, in order.
	sizes []int64
	// algorithm is that of digests, which has the checksums of all parts, one behind the other; 0 when they are not kept.
	algorithm checksum.Algorithm
	digests   []byte
}

// keep takes up the checksums of all parts by a, unless they are too many.
func (l *partLayout) keep(a checksum.Algorithm, parts []checksum.Part) {
	if len(parts)*a.Size() > maxDigests {
		return
	}
	l.algorithm = a
	for _, part := range parts {
		l.digests = append(l.digests, part.Digest...)
	}
}

// digest returns the checksum of the part at index i by a, if it was kept.
func (l *partLayout) digest(a checksum.Algorithm, i int) ([]byte, bool) {
	if l.algorithm != a || a == 0 {
		return nil, false
	}
	return l.digests[i*a.Size() : (i+1)*a.Size()], true
}

// part returns the bytes of the object that are the part at index i.
func (l *partLayout) part(i int) byteRange {
	part := byteRange{size: l.sizes[i]}
	for _, size := range l.sizes[:i] {
		part.offset += size
	}
	return part
}

// String returns the layout as it is stored: the upload's id, runs of sizes as "SIZE*COUNT", and the parts' checksums as
// "ALGORITHM:BASE64".
func (l *partLayout) String() string {
	var b strings.Builder
	b.WriteString(l.upload)
	for i := 0; i < len(l.sizes); {
		run := 1
		for i+run < len(l.sizes) && l.sizes[i+run] == l.sizes[i] {
			run++
		}
		b.WriteString(" " + strconv.FormatInt(l.sizes[i], 10) + "*" + strconv.Itoa(run))
		i += run
	}
	if l.algorithm != 0 {
		b.WriteString(" " + l.algorithm.Key() + ":" + base64.StdEncoding.EncodeToString(l.digests))
	}
	return b.String()
}

// layoutOf returns the layout of e, if it was uploaded in parts and its content is still of their size.
func layoutOf(e *pfs.Entry) (partLayout, bool) {
	if e.Meta == nil {
		return partLayout{}, false
	}
	fields := strings.Fields(e.Meta.Headers[layoutHeader])
	if len(fields) == 0 {
		return partLayout{}, false
	}
	l, total := partLayout{upload: fields[0]}, int64(0)
	for _, field := range fields[1:] {
		name, encoded, found := strings.Cut(field, ":")
		if found {
			l.parseDigests(name, encoded)
			continue
		}
		n, count, ok := parseRun(field)
		if !ok || len(l.sizes)+count > pfs.MaxParts {
			return partLayout{}, false
		}
		for range count {
			l.sizes = append(l.sizes, n)
			total += n
		}
	}
	if len(l.digests) != len(l.sizes)*l.algorithm.Size() {
		l.algorithm = 0
	}
	return l, len(l.sizes) > 0 && total == e.Size()
}

// parseRun parses a run of parts of one size, "SIZE*COUNT".
func parseRun(field string) (size int64, count int, ok bool) {
	text, run, _ := strings.Cut(field, "*")
	size, err := strconv.ParseInt(text, 10, 64)
	count, err2 := strconv.Atoi(run)
	return size, count, err == nil && err2 == nil && size >= 0 && count >= 1
}

// parseDigests takes up stored checksums; what cannot be read counts as not kept.
func (l *partLayout) parseDigests(name, encoded string) {
	a, ok := checksum.Parse(name)
	digests, err := base64.StdEncoding.DecodeString(encoded)
	if ok && err == nil {
		l.algorithm, l.digests = a, digests
	}
}
