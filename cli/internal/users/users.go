// Package users knows the users of this machine by name.
package users

import (
	"os/user"
	"strconv"
	"sync"
)

// Names are the names of users, each of which the system is asked for once. It may be used concurrently.
type Names struct {
	known sync.Map // uint32 to string
}

// New returns Names that know nobody yet.
func New() *Names { return new(Names) }

// Name returns the name of the user with an id; one that the system does not know is named by the number.
func (n *Names) Name(uid uint32) string {
	if name, ok := n.known.Load(uid); ok {
		return name.(string)
	}
	name := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	n.known.Store(uid, name)
	return name
}
