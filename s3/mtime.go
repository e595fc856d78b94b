package s3

import (
	"strconv"
	"strings"
	"time"

	"pfsd/pfs"
)

// mtimeName is the user metadata in which clients keep a file's modification time: seconds since 1970, with a fraction. It
// and the entry's own time are one value.
const mtimeName = "mtime"

// parseMtime returns the nanoseconds that s stands for, or 0 when it is no time.
func parseMtime(s string) int64 {
	whole, fraction, _ := strings.Cut(s, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds > maxSeconds || seconds < -maxSeconds {
		return 0
	}
	fraction = (fraction + "000000000")[:9]
	nanos, err := strconv.ParseUint(fraction, 10, 32)
	if err != nil {
		return 0
	}
	if strings.HasPrefix(whole, "-") {
		return seconds*int64(time.Second) - int64(nanos)
	}
	return seconds*int64(time.Second) + int64(nanos)
}

// maxSeconds keeps nanoseconds within 64 bits.
const maxSeconds = 9_000_000_000

// formatMtime is the inverse of parseMtime.
func formatMtime(nanos int64) string {
	sign := ""
	if nanos < 0 {
		sign, nanos = "-", -nanos
	}
	text := sign + strconv.FormatInt(nanos/int64(time.Second), 10)
	if rest := nanos % int64(time.Second); rest != 0 {
		digits := strconv.FormatInt(rest+int64(time.Second), 10)[1:]
		text += "." + strings.TrimRight(digits, "0")
	}
	return text
}

// shownMtime returns the time of e as user metadata, if it is shown: when a client sent one, or when e was not written
// through S3, which always stores a content type.
func shownMtime(e *pfs.Entry) (string, bool) {
	if e.Kind != pfs.EntryFile {
		return "", false
	}
	if e.Meta == nil || e.Meta.ContentType == "" {
		return formatMtime(e.Mtime), true
	}
	sent, ok := e.Meta.User[mtimeName]
	if ok && parseMtime(sent) != e.Mtime && parseMtime(sent) != 0 {
		sent = formatMtime(e.Mtime)
	}
	return sent, ok
}
