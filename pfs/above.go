package pfs

import "pfsd/pfs/internal/schema"

// above is what the directories above an entry say about it; the zero value is what is said about a root.
type above struct {
	// placed is the latest Placed of theirs.
	placed Change
	// salt is that of the directory that the entry is in, see Entry.NumberAt.
	salt uint64
}

// linkTree is what is said about the entries of a link tree.
func linkTree() above { return above{salt: schema.Salt(schema.LinksNumber)} }

// into returns what is said about the entries in a directory, about which up is said.
func (up above) into(dir *Entry) above {
	return above{placed: later(up.placed, dir.Placed), salt: schema.Salt(up.number(dir))}
}

// number returns the number of e, which is no link.
func (up above) number(e *Entry) uint64 {
	if e.Name == "" {
		return schema.RootNumber
	}
	return e.NumberAt(up.salt)
}

// birth returns the birth with which an entry keeps a number where up is said.
func (up above) birth(number uint64) uint64 { return schema.BirthFor(number, up.salt) }

func later(a, b Change) Change {
	if b.Gen > a.Gen {
		return b
	}
	return a
}
