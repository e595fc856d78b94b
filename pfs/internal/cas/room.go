package cas

import "pfsd/pfs/internal/kv"

// checkRoom is how many bytes of rows are taken between two looks at whether there is room for them.
const checkRoom = 1 << 20

// Room returns kv.ErrNoSpace when there is no room on the disk for the rows that are in memory and n bytes more, as far as can be
// told: what would have to be refused when it is saved is not to be taken. It looks at the disk once for each MiB, and at
// each call while there is too little.
func (s *Store) Room(n int64) error {
	disk, ok := s.kv.(kv.Roomer)
	if !ok || s.budget.Add(-n) >= 0 {
		return nil
	}
	s.mu.Lock()
	unsaved := s.unsavedBytes
	s.mu.Unlock()
	if err := disk.Room(unsaved + n + checkRoom); err != nil {
		return err
	}
	s.budget.Store(checkRoom)
	return nil
}
