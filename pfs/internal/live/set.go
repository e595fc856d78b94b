package live

import "math/bits"

// Class says why a row is in a Set. A row keeps the first that it was given, unless it is raised to InUse.
type Class uint8

// The classes. Only the first two keep a row.
const (
	// InUse is what a name leads to, or somebody holds.
	InUse Class = iota
	// Waiting is what only something deleted leads to, that can still be restored.
	Waiting
	// Doomed is what only history leads to that is about to go.
	Doomed
	// Seen marks a row as visited by a walk. It says nothing of whether it stays.
	Seen
)

const (
	classBits = 2
	classMask = 1<<classBits - 1
	// minSlots is the size of the smallest table.
	minSlots = 1 << 10
)

// Set is a set of rows by 62 bits of their hashes, in 8 bytes for each slot of a table that is between three and six
// eighths full: 11 to 22 bytes a row. Two rows that share these bits count as one, which can keep garbage but lose nothing.
// It is not safe for concurrent use.
type Set struct {
	// slots are print<<classBits | class; 0 is an empty one.
	slots []uint64
	used  int
}

// NewSet returns an empty set.
func NewSet() *Set { return &Set{slots: make([]uint64, minSlots)} }

// Len is the number of rows.
func (s *Set) Len() int { return s.used }

// Get returns the class of a row.
func (s *Set) Get(p Print) (Class, bool) {
	slot := s.slots[s.find(p)]
	return Class(slot & classMask), slot != 0
}

// Add puts a row into the set, unless it is there. It returns whether it was not.
func (s *Set) Add(p Print, c Class) bool {
	i := s.find(p)
	if s.slots[i] != 0 {
		return false
	}
	s.slots[i] = uint64(p)<<classBits | uint64(c)
	if s.used++; s.used*4 > len(s.slots)*3 {
		s.grow()
	}
	return true
}

// Raise puts a row into the set as InUse, whatever it was.
func (s *Set) Raise(p Print) {
	if !s.Add(p, InUse) {
		s.slots[s.find(p)] &^= classMask
	}
}

// find returns the slot that has p, or the empty one where it would be.
func (s *Set) find(p Print) int {
	mask := len(s.slots) - 1
	// The bits of a hash are as good as random; those of the kind are spread by the multiplication.
	for i := int(bits.RotateLeft64(uint64(p)*0x9e3779b97f4a7c15, 32)) & mask; ; i = (i + 1) & mask {
		if s.slots[i] == 0 || Print(s.slots[i]>>classBits) == p {
			return i
		}
	}
}

func (s *Set) grow() {
	old := s.slots
	s.slots = make([]uint64, 2*len(old))
	for _, slot := range old {
		if slot != 0 {
			s.slots[s.find(Print(slot>>classBits))] = slot
		}
	}
}
