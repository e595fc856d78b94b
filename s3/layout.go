package s3

import (
	"strconv"
	"strings"

	"pfsd/pfs"
)

// layoutHeader is where the layout of an object's parts is kept, among its headers; it is not given back as one.
const layoutHeader = "x-amz-mp-layout"

// partLayout is how an object was uploaded in parts.
type partLayout struct {
	// upload is the id of the upload.
	upload string
	// sizes are those of the parts, in order.
	sizes []int64
}

// String returns the layout as it is stored: the upload's id, and runs of sizes as "SIZE*COUNT".
func (l partLayout) String() string {
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
		size, run, _ := strings.Cut(field, "*")
		n, err := strconv.ParseInt(size, 10, 64)
		count, err2 := strconv.Atoi(run)
		if err != nil || err2 != nil || n < 0 || count < 1 || len(l.sizes)+count > pfs.MaxParts {
			return partLayout{}, false
		}
		for range count {
			l.sizes = append(l.sizes, n)
			total += n
		}
	}
	return l, len(l.sizes) > 0 && total == e.Size()
}
