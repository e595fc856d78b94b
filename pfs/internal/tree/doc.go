// Package tree keeps directories: sets of entries, of any size, as Merkle trees with chunked nodes, also called prolly
// trees. The bytes of nodes, deltas and rows are described and made in package schema; this package decides which
// nodes there are.
//
// # Which nodes a directory has
//
// A directory is a function of its entries alone: whichever way they came, the same entries have the same nodes and the
// same root hash. The entries, in order of their sort keys (the name, with '/' behind that of a directory), are
// cut into leaves. The leaves, each with the sort key of its last entry, are cut into the nodes of level 1, these into
// those of level 2, and so on up to the first level with one node. That is the top; its hash is the directory's root. An
// empty directory has no node, and the zero hash for a root.
//
// At every level, from left to right, a node ends behind an item when one of these holds, counted from the end before:
//
//   - it is the 32nd or a later one, and mix(m, level) is below 2^59, where m is the high half of the XXH64, with the
//     seed 0, of its key, and mix(m, level) the finaliser of MurmurHash3 (fmix64) on m + level * 0x9e3779b97f4a7c15,
//     modulo 2^64. This makes nodes of 64 items on average;
//   - it is the 192nd;
//   - at level 0: the weights of the entries sum to 32 KiB or more. The weight of an entry is 200, and the length of its
//     name and, of a symlink, its target; and if it has metadata, 24, the length of the content type, and for each pair
//     in the maps 8 and the lengths of key and value.
//
// The end of a node depends on what is in it alone, not on what follows. So a change leaves all nodes before it as they
// are, and those behind it from the first end on that was one before. Only names made to that purpose, which never
// end a node before the 192nd item, can make a change reach far.
//
// # In memory
//
// A Dir is immutable. A change makes a new one that shares all but the path to the change; its new nodes are neither
// encoded nor hashed before Save, and whatever was overtaken by then is never written. So a burst of changes costs
// memory only, and readers never wait.
//
// # Rows
//
// A node is addressed by the BLAKE3 of its whole encoding. Its row may hold it as a delta on an earlier version, which
// keeps history cheap; readers put the node together and verify the hash of the whole.
package tree
