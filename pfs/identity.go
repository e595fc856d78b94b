package pfs

import (
	"encoding/binary"

	"pfsd/pfs/internal/schema"
)

// Identity returns a number that tells what the snapshot shows from all else that there is: it is always the same for one
// branch, whatever that shows and is called, for one commit, and for one open commit.
func (s *Snapshot) Identity() uint64 { return s.identity }

// identity is that of a branch or open commit. Branches of one repo differ in when they were made.
func (b *branch) identity() uint64 {
	if b.open != nil {
		return identityOf(b.open.id)
	}
	return schema.Mix(identityOf(b.repo.id) ^ schema.Mix(uint64(b.created)))
}

// identityOf makes a number of an id, which is random.
func identityOf(id schema.ID) uint64 {
	return binary.BigEndian.Uint64(id[:8]) ^ binary.BigEndian.Uint64(id[8:])
}

// created returns the time for a branch that is made in a repo: now, or just after that when another one has that.
func (g *group) created(r *repo) int64 {
	taken := map[int64]bool{}
	for _, b := range r.branches {
		taken[b.created] = true
	}
	at := g.now
	for taken[at] {
		at++
	}
	return at
}
