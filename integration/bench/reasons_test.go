package bench_test

import (
	"fmt"
	"strings"
)

// notInMemory is the reason of rows that look at a part of something large.
const notInMemory = "The places are taken at random. The nodes of a thousand files are all in memory, those of a million are not, in the 256 MiB that " +
	"pfsd takes: what they add is rows of Badger, six for a node at most. "

// reasons say what bounds a row that may be under its mark, by how the row begins: what the profiles, the limits and the rows
// beside it show.
var reasons = []struct{ row, text string }{
	{"GET of 64 KiB, 32 clients; empty handler", "An empty handler moves no bytes, and moving them is what takes the time: the same file, sent by " +
		"sendfile from a plain directory, comes no closer to it, as the next row shows."},
	{"PUT of 1GiB already stored; chunk and hash", "The limit is that of a thread which has the bytes in its memory. Here the client and the server share " +
		"the processors, and the kernel copies every byte out of one and into the other, which is most of the profile. What the server itself takes " +
		"is in the next row."},
	{"PUT of 1GiB already stored, for a second", "The bytes pass through net/http, whose copies are counted here and not in the limit."},
	{"PUT of 4 KiB, one client", "Beside the sync, which is the same on both sides, a request has its commit: a node of the tree for each level, and rows for the log, " +
		"the versions and the state of the branch, in one transaction."},
	{"ingest on one processor", "Each byte is cut once and hashed twice, as part of its chunk and of the file, and these rates, which the row has, leave no more: " +
		"this processor is the limit."},
	{"mount: sequential read, cold", "With its packs in the page cache it is at 1.4 to 2.1 GB/s: the processors are busy with the copy of each byte out of the packs, that into " +
		"the kernel and that to the reader. What comes from the disk varies with the disk: tried one after the other, twelve reads were at 0.7 to 2.0 GB/s (median 0.9), six of the " +
		"local file at 0.8 to 1.5 (median 1.0). Loopback is asked for nothing here, as the table below says; without that, run by an ordinary user, it was as fast as pfsd when tried " +
		"beside it (1.00, 1.55 and 1.55 GB/s, pfsd 1.04, 1.52 and 1.43). To ask the disk for a whole request at once (fadvise) changed nothing."},
	{"mount: sequential read, warm", "The kernel answers from its page cache; no request reaches pfsd. What is left is its own copy, out of the small pages that FUSE's " +
		"cache has, where the local file system has large ones, whose bytes stay in the processor's cache. Loopback without passthrough, which does not keep the cache, was at 1.6 GB/s " +
		"when tried beside it, pfsd at 8."},
	{"mount: random 4 KiB read, warm", "As for the sequential read: no request reaches pfsd."},
	{"mount: random 4 KiB read, cold", "Each read is a round trip to pfsd and, there, a read of the disk of up to 64 KiB, whose checksum is verified before a byte of it is shown. " +
		"The local file system, and loopback by passthrough, read 4 KiB and verify nothing."},
	{"mount: `ls -lR`, second time", "The kernel answers from what it keeps; what is left are its own round trips where a directory is opened and closed."},
	{"mount: 10000 small files read cold", "A file takes three round trips between the kernel and pfsd, to look it up, open it and read it, each with a change of process on busy " +
		"processors; hardly anything is read from the disk. Loopback, which opens files through FUSE as well, is no faster: see the table below."},
	{"mount: sequential write", "Each MiB comes by a request of its own, is cut and hashed twice, as a chunk and as part of the file, and goes into a pack that is synced, " +
		"by the processors that the writer needs, too. Loopback without passthrough was at 0.39 to 0.50 GB/s when tried beside it, pfsd at 0.31 to 0.39."},
	{"mount: create 10000 files of 4 KiB", "Neither example does what takes the time here: bytes are hashed, and each file becomes part of a tree that is " +
		"logged, shown by the other door at once, and committed. Memfs keeps it all in memory and loopback leaves it to the local file system."},
	{"mount: untar 4000 source files", "As for creating files; tar sets owner, mode and times of each one, too."},
	{"mount: remove 10000 files", "Each removal changes the tree of a branch and is logged, as each creation does. On this machine memfs itself is far from twice as fast as loopback, " +
		"so that not both marks can be right here."},
	{"one more PUT", "The tree is a level deeper, whose node is written and hashed as well, and the rows of Badger are found among more."},
	{"first 1,000 files of some directory", notInMemory + "With 8 GiB it was 271 µs among a million files and 172 among a thousand."},
	{"commits that changed one file", notInMemory + "With 8 GiB it was 76 µs among a million files and 34 among a thousand: the logarithm."},
	{"last commit and the one before", notInMemory + "With 8 GiB it was 6.1 µs among a million files and 4.2 among a thousand."},
	{"second release of a source tree", "Chunks end where the content says, so that they differ in size, and an edit is likelier to be in a large one: it makes " +
		"more than a mean chunk new, where the blocks of rsync, all of the mean size, make one. The table below has the other sizes: larger blocks turn it round."},
}

// reasonsText says of each row under its mark what bounds it.
func reasonsText(rows []row) string {
	var out strings.Builder
	for _, r := range rows {
		if r.met() {
			continue
		}
		text := "No reason is known."
		for _, reason := range reasons {
			if strings.HasPrefix(r.what, reason.row) {
				text = reason.text
			}
		}
		fmt.Fprintf(&out, "- **%s.** %s\n", r.what, text)
	}
	return out.String()
}
