package fsys

import "sync"

// dirtySet are the inodes that have something to be linked.
type dirtySet struct {
	// mu guards the set; nothing else is locked while it is held.
	mu  sync.Mutex
	set map[*inode]struct{}
}

func (s *dirtySet) add(n *inode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set == nil {
		s.set = make(map[*inode]struct{})
	}
	s.set[n] = struct{}{}
}

func (s *dirtySet) remove(n *inode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.set, n)
}

// all returns the set, in no order.
func (s *dirtySet) all() []*inode {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*inode, 0, len(s.set))
	for n := range s.set {
		all = append(all, n)
	}
	return all
}
