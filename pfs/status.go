package pfs

import (
	"context"

	"pfsd/pfs/internal/schema"
)

// Status returns how the store is doing.
func (s *Store) Status(ctx context.Context) (Status, error) {
	var st Status
	uploads, err := s.rows(ctx, schema.UploadPrefix())
	if err != nil {
		return st, wrap("pfs.Status", err, "", "")
	}
	st.Uploads = len(uploads)
	st.Scrub = s.scrubbed.Load()
	for _, p := range s.packs.Packs() {
		st.Packs++
		st.PackBytes += p.Size
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	st.Repos = len(s.repos)
	for _, r := range s.repos {
		for _, b := range r.branches {
			st.Branches++
			if b.state.Load().pending != nil {
				st.Pending++
			}
		}
	}
	return st, nil
}
