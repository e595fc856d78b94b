package pfs

import "strings"

// authorSeparator is between the names of the users who have made a commit together.
const authorSeparator = ", "

// JoinAuthors returns the author of changes by one author and another, each of which may be several: each name once, in the order
// in which they came. An empty one adds nothing.
func JoinAuthors(author, other string) string {
	for name := range strings.SplitSeq(other, authorSeparator) {
		among := authorSeparator + author + authorSeparator
		switch {
		case name == "" || strings.Contains(among, authorSeparator+name+authorSeparator):
		case author == "":
			author = name
		default:
			author += authorSeparator + name
		}
	}
	return author
}
