package control

import (
	"math"
	"time"
	"unicode/utf8"

	"pfsd/pfs"
)

// entryOf returns e, at path, as commands show it. A version equal to pending, the commit that is still to be made, is left
// out.
func entryOf(path string, e pfs.Entry, pending pfs.CommitID) Entry {
	out := Entry{
		Path: path, Kind: e.Kind.String(), Size: e.Size(), Mode: Mode(e.Mode), UID: e.UID, GID: e.GID, Mtime: e.ModTime(),
		Device: e.Device, Target: e.Target,
	}
	if !utf8.ValidString(e.Target) {
		out.RawTarget = []byte(e.Target)
	}
	if id := e.Changed.Commit; !id.IsZero() && id != pending {
		out.Version = &id
	}
	switch e.Kind {
	case pfs.EntryFile:
		out.ETag = e.Content.ETag()
	case pfs.EntryDir:
		out.Files, out.Dirs, out.Bytes = e.Totals.Files, e.Totals.Dirs, e.Totals.Bytes
	}
	return out
}

// statOf returns all of e but its chunks.
func statOf(address, path string, e pfs.Entry, pending pfs.CommitID) Stat {
	s := Stat{
		Entry: entryOf(path, e, pending), Address: address, Explicit: e.Explicit,
		Ctime: time.Unix(0, e.Ctime).UTC(), Btime: time.Unix(0, e.Btime).UTC(),
	}
	if m := e.Meta; m != nil {
		s.ContentType, s.Headers, s.User, s.Tags = m.ContentType, m.Headers, m.User, m.Tags
		s.Checksums, s.Xattrs = m.Checksums, m.Xattrs
	}
	return s
}

// Storable returns the time that is stored for t: t itself, or the nearest that 64 bits of nanoseconds can tell.
func Storable(t time.Time) time.Time {
	first, last := time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)
	switch {
	case t.IsZero():
		return t // no time is given
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}
