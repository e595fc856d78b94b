// Package pack keeps the bytes of chunks in append-only files, packs, that describe themselves.
//
// A Store appends each record to one of a few open packs, makes packs durable on demand (one fsync for all who wait),
// and reads records back by their Location, checking every block that it reads. It knows hashes only as labels: it
// neither computes nor looks up any. Packs that exist when a Store opens are only read: whatever a crash has left at
// their end is never written over and never appended to.
//
// # The bytes of a pack, version 1
//
// A pack is a file named by its id, 16 lower-case hex digits and ".pack". All integers are big-endian. Every checksum
// is a CRC-32C (Castagnoli, RFC 3720 appendix B.4). The file begins with a header of 32 bytes:
//
//	offset  size  field
//	     0     8  magic, "pfsdPACK"
//	     8     4  version, 1
//	    12     4  block size, 16384
//	    16     8  id of the pack, as in its name
//	    24     4  zero
//	    28     4  checksum of bytes 0 to 27
//
// Records follow each other without gaps, from byte 32 on. A record of n bytes of data, 1 <= n <= 1048576, has
// b = ceil(n / 16384) blocks, each of 16384 bytes but for the last, which may be shorter:
//
//	offset    size  field
//	     0       4  magic, "pfsR"
//	     4       4  n, length of the data
//	     8      32  hash of the data, as the writer gave it (BLAKE3-256 for chunks)
//	    40      4b  checksum of each block
//	40+4b        4  checksum of: id of the pack (8 bytes), offset of this record in the file (8), bytes 0 to 40+4b-1
//	44+4b        n  the data
//
// The last checksum ties a record to its place: bytes that lie elsewhere, also those of a pack stored as data in another,
// are no record. A Location names the data, not the record: its Offset is that of the data's first byte.
//
// A crash can leave a torn end: any bytes, or zeros, where the last records were being written. No index names them,
// since an index row is written only after Sync. A reader that rebuilds the index takes the records whose header is whole
// and whose data lies within the file, and checks the data with Verify.
//
// # Failures
//
// A pack whose fsync failed is abandoned: which of its bytes are on disk is unknown from then on, since the kernel forgets
// a write that it could not do. It takes no more records, each later Sync of it fails with the first error, and what had
// not been synced before can no longer be read. What had been, can. A pack to which a write failed is sealed instead: the
// part of the record that was written is a torn end, and what came before it can still be synced.
package pack
