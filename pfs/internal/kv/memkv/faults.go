package memkv

import (
	"errors"

	"pfsd/pfs/internal/kv"
)

// faults are the failures that a test has planned.
type faults struct {
	writes  int           // Commits and Puts begun so far
	planned map[int]error // by the number of the write
	broken  error         // fails every write from now on
}

// Fail plans that the n-th Commit or Put from now, counting from 1, fails with err. As the contract has it nothing is written
// when err is kv.ErrNoSpace or kv.ErrExhausted, and things go on; any other error is one of the disk, after which every later write fails
// with it too. A Put that fails leaves half of its rows.
func (s *Store) Fail(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.planned == nil {
		s.faults.planned = map[int]error{}
	}
	s.faults.planned[s.faults.writes+n] = err
}

// Planned returns how many of the planned failures have not happened yet. A test that planned some asserts that it is zero
// in the end, else it has not tested what it claims.
func (s *Store) Planned() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults.planned)
}

// fault counts one write and returns the error that is planned for it.
func (s *Store) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.faults
	f.writes++
	err, ok := f.planned[f.writes]
	delete(f.planned, f.writes)
	if f.broken != nil {
		return f.broken
	}
	if ok && !errors.Is(err, kv.ErrNoSpace) && !errors.Is(err, kv.ErrExhausted) {
		f.broken = err
	}
	return err
}
