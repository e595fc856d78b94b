package fsys

import (
	"strings"
	"sync"

	"pfsd/pfs"
)

// Names are the names of new files that a mount has promised and not linked yet. Mounts of one store share one, so that of
// two exclusive creations of a name in two mounts one fails. Its methods may be called concurrently.
type Names struct {
	// mu guards taken; nothing else is locked while it is held.
	mu    sync.Mutex
	taken map[promise]*inode
}

// promise is a path of a branch.
type promise struct {
	ref  pfs.Ref
	path string
}

// NewNames returns an empty set.
func NewNames() *Names { return &Names{taken: make(map[promise]*inode)} }

// take promises a path to n, and reports whether nobody has it.
func (s *Names) take(p promise, n *inode) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[p] != nil {
		return false
	}
	s.taken[p] = n
	return true
}

// anyBelow reports whether a name below a directory, which may be the root, is promised.
func (s *Names) anyBelow(dir promise) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.taken {
		if p.ref == dir.ref && (dir.path == "" || strings.HasPrefix(p.path, dir.path+"/")) {
			return true
		}
	}
	return false
}

// rename makes the promises of a branch those of the name that it has got.
func (s *Names) rename(from, to pfs.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, owner := range s.taken {
		if p.ref == from {
			delete(s.taken, p)
			s.taken[promise{to, p.path}] = owner
		}
	}
}

// drop ends all promises to n.
func (s *Names) drop(n *inode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, owner := range s.taken {
		if owner == n {
			delete(s.taken, p)
		}
	}
}

// hasNewFiles reports whether the directory at path has files that are not linked, in this mount or another one: the store
// takes it for empty, and who has them open does not.
func (m *mount) hasNewFiles(dir *inode, path string) bool {
	return dir != nil && len(m.table.private(dir)) > 0 || m.cfg.Names.anyBelow(promise{m.ref(), path})
}

// unreserve ends the promise of n's name, when it is linked or gone.
func (m *mount) unreserve(n *inode) { m.cfg.Names.drop(n) }
