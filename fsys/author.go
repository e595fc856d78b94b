package fsys

import (
	"slices"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// users are those who have made a change, by their ids.
type users []uint32

// stamp is when a change was made, and by whom.
type stamp struct {
	at  int64
	uid uint32
}

// stamp returns that of a change that is made now.
func (m *mount) stamp(who *fuse.Caller) stamp { return stamp{m.now(), who.Uid} }

// writersLocked are the users whose changes are not linked, ascending. The caller holds d.mu.
func (d *fileData) writersLocked() users {
	var all users
	for uid := range d.changedBy {
		all = append(all, uid)
	}
	slices.Sort(all)
	return all
}

// settleWritersLocked forgets those whose changes up to a version are all linked. The caller holds d.mu.
func (d *fileData) settleWritersLocked(version uint64) {
	for uid, last := range d.changedBy {
		if last <= version {
			delete(d.changedBy, uid)
		}
	}
}

// author is the author of a change by these users: the one that is configured, else all of them by their names.
func (c *Config) author(who users) string {
	if c.Author != "" || c.NameOf == nil {
		return c.Author
	}
	author := ""
	for _, uid := range who {
		author = pfs.JoinAuthors(author, c.NameOf(uid))
	}
	return author
}
