// Package cas stores the bytes of contents, each chunk once, under its BLAKE3-256.
//
// # What a content is made of
//
// A content is cut as package chunker says. Its chunks are listed in records, one for each window of 16 MiB, and if it has
// more than one, the records' hashes are in the nodes of an offset tree, each of which has up to 256 children. So a change
// of a few bytes makes one new record and a node of each level, and a range of a file is found without its beginning.
//
// Everything is canonical: a schema.Content is a function of the bytes alone, whether they came at once (Ingest), in parts
// and in any order (IngestPart, Join), or as changes of another content (Rewrite). To make this cheap, a record also keeps
// one BLAKE3 chaining value for each MiB of its window, and a node one for each child: BLAKE3 hashes a file as a binary tree
// whose subtrees begin and end at powers of two, so that the hash of the whole is merged from those values without reading
// bytes again. (See the BLAKE3 paper, section 2.1, "Tree Structure". A chaining value depends on its place in the file, and
// so do records: the same bytes in two windows are two records, of the same chunks.)
//
// There are four forms, of which the smallest that fits is taken:
//
//	no bytes                       no record, no root
//	one chunk, no hole             no record; the root is the chunk's hash, which is the content's own
//	up to one window               one record
//	more                           an offset tree; a window or subtree that is one hole has no record, but a zero hash
//
// A content with more than 4 GiB of holes is sparse: its nodes have no chaining values, since those of the holes would have
// to be computed, and its hash is that of its top node.
//
// # Rows
//
//	k + BLAKE3 of the chunk    the chunk's bytes, up to 32 KiB, or its pack.Location
//	w + BLAKE3 of the record   a window's record or a node; see their encode
//
// A Part is such a tree too, of the bytes that it has of the windows that it touches, cut from its own beginning on and
// without chaining values in nodes. What is the same in the content that it becomes a part of is taken over: see composer.
//
// # When bytes are durable
//
// No operation waits for the disk, but for long ones every 64 MiB. It appends chunks to packs, and keeps the rows that it
// makes in memory, where all lookups see them. Pending makes durable what finished operations have written: first the packs
// are synced, then come their rows, most of which the committer puts into the same transaction as the names that point to
// them. So a small write costs one sync, and a row never refers to bytes that a crash could take. A crash before that
// leaves bytes in packs that no row names, or rows that no name leads to: garbage, but no damage.
//
// An operation that finds a chunk's row unsaved, made by another that is still running or that has failed, depends on it
// from then on as on its own: its batch adopts the row, so that Pending syncs that pack too. When a pack cannot be synced,
// the rows that wait for it are lost, and with them whatever has adopted one: see Verify.
//
// # Garbage
//
// What a Pin or a Hold is on, what an operation that runs has found or made, and rows that are unsaved are in use; see InUse.
// A collection marks what they and all names lead to, and what is looked up meanwhile; see package live. A content by value
// that nothing holds may be gone: Verify and Protect tell, and keep it if it is not.
package cas
