package badgerkv

import (
	"fmt"

	"pfsd/pfs/internal/held"
	"pfsd/pfs/internal/kv"
)

// idKey is the key of the row whose value is the store's ID. No row of the core begins with a zero byte. It is written again
// with each note, whose version it has then, so that no compaction ever leaves the store without a version so high.
const idKey = "\x00store"

// ID returns the store's id; zero when no note is kept.
func (s *Store) ID() ID { return s.id }

// Noted reports whether there was a note when the store was opened.
func (s *Store) Noted() bool { return s.opening.note != nil }

// identify finds out which store this is, when a note is kept: the row says so. A store without one gets an id. When there is a
// note of another store, or of a later time of this one, the error is kv.ErrCorrupt.
func (s *Store) identify(unnamed ID) error {
	if s.notePath == "" {
		return nil
	}
	was := s.opening.note
	id, version, err := s.readID()
	switch {
	case err != nil:
		return err
	case was != nil && version == 0:
		return fmt.Errorf("%w: the rows are not those of the store %s, or older than it", errDamaged, was.id)
	case was != nil && id != was.id:
		return fmt.Errorf("%w: the rows are those of the store %s, and the note is of the store %s", errDamaged, id, was.id)
	case was != nil && version < was.version:
		return fmt.Errorf("%w: the rows are those of an earlier time than the note", errDamaged)
	case was != nil:
		s.id = id
		return nil
	case version == 0:
		id = unnamed
		if err := s.write(kv.Batch{Puts: []kv.Row{{Key: []byte(idKey), Value: id[:]}}}, 0); err != nil {
			return err
		}
	}
	s.id = id
	// Only what is certain by now: that the row is there.
	return (&note{id: id}).write(s.notePath)
}

// readID returns what the row idKey says, and its version; 0 when there is none.
func (s *Store) readID() (id ID, version uint64, err error) {
	ts := s.clock.enter()
	defer s.clock.leave(ts)
	value, version, err := s.engine.row(idKey, ts)
	if err != nil || version == 0 {
		return id, 0, err
	}
	if len(value) != len(id) {
		return id, 0, fmt.Errorf("%w: the row of the store's id", errDamaged)
	}
	return ID(value), version, nil
}

// markClose writes the row idKey again, before the store is closed, and returns its version; 0 when nothing was written since the
// last note, or the row could not be written: the note stays as it is then, which is right, too.
func (s *Store) markClose() uint64 {
	s.mu.Lock()
	broken := s.broken != nil
	s.mu.Unlock()
	if s.notePath == "" || !s.wrote.Load() || broken {
		return 0
	}
	row := kv.Row{Key: []byte(idKey), Value: s.id[:]}
	if err := s.write(kv.Batch{Puts: []kv.Row{row}}, s.space.mark/2); err != nil {
		return 0
	}
	_, version, err := s.readID()
	if err != nil {
		return 0
	}
	return version
}

// noteClose writes the note of a store that was closed, the row idKey of which has the version given. When it cannot, the one before
// stays, which is right, too.
func (s *Store) noteClose(version uint64) {
	if version == 0 {
		return
	}
	n, err := noteOf(s.opening.options, s.id, version)
	if err == nil {
		err = n.write(s.notePath)
	}
	if err != nil {
		s.log.Warn("the tables of the store were not noted", "in", s.show(s.notePath), "err", held.Named(err, s.show))
	}
}

// latest returns the highest version of a row in tables, or, as soon as there is one, a version that is high enough.
func latest(names []string, enough uint64) (version uint64, err error) {
	for i := len(names) - 1; i >= 0 && version < enough; i-- {
		t, err := openTable(names[i])
		if err != nil {
			return 0, err
		}
		version = max(version, t.MaxVersion())
		if err := t.Close(-1); err != nil {
			return 0, err
		}
	}
	return version, nil
}
