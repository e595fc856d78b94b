package fsys

// Trees returns how many versions a mount shows.
func Trees(s *Server) int { return len(s.forest.all()) }
