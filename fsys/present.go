package fsys

import "github.com/hanwen/go-fuse/v2/fuse"

// Override is what stat(2) shows in place of the owners and modes that are stored. What is stored of new files is not
// changed by it.
type Override struct {
	// UID and GID own everything; nil for who does.
	UID, GID *uint32
	// Umask, if set, gives everything the mode 0777 less its bits.
	Umask *uint32
}

// apply changes what is shown.
func (o Override) apply(out *fuse.Attr) {
	if o.UID != nil {
		out.Uid = *o.UID
	}
	if o.GID != nil {
		out.Gid = *o.GID
	}
	if o.Umask != nil {
		out.Mode = out.Mode&^modeAllBits | 0o777&^*o.Umask
	}
}
