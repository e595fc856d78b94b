package bench_test

import (
	"fmt"
	"strings"
)

// reasons say what bounds a row that may be under its mark, by how the row begins: what the profiles, the limits and the rows
// beside it show.
var reasons = []struct{ row, text string }{
	{"GET of 64 KiB, 32 clients; empty handler", "An empty handler moves no bytes, and moving them is what takes the time: the same file, sent by " +
		"sendfile from a plain directory, comes no closer to it, as the next row shows."},
	{"PUT of 1GiB already stored; chunk and hash", "The limit is that of a thread which has the bytes in its memory. Here the client and the server share " +
		"the processors, and the kernel copies every byte out of one and into the other, which is most of the profile. What the server itself takes " +
		"is in the next row."},
	{"PUT of 4 KiB, one client", "Beside the sync, which is the same on both sides, a request has its commit: a node of the tree for each level, and rows for the log, " +
		"the versions and the state of the branch, in one transaction."},
	{"ingest on one processor", "This processor: the time to cut and the time to hash each byte once, whose rates the row has, make up nearly all of it. " +
		"The hash of the chunks and that of the file share their leaves."},
	{"mount: sequential read, cold", "The disk is not the limit, but two copies and the round trips: see what loopback reaches in the table below. Half of what pfsd copies is " +
		"spared when splice is used, see DESIGN.md, section 15."},
	{"mount: sequential read, warm", "The kernel answers from its page cache; no request reaches pfsd. FUSE's cache has pages of 4 KiB, the local file system larger " +
		"ones: loopback has the same limit, see the table below."},
	{"mount: random 4 KiB read, warm", "As for the sequential read: no request reaches pfsd."},
	{"mount: random 4 KiB read, cold", "Each read is a round trip to pfsd and, there, a read of the disk of up to 64 KiB, whose checksum is verified before a byte of it is shown. " +
		"Loopback shows what the round trip leaves, in the table below."},
	{"mount: `ls -lR`, second time", "The kernel answers from what it keeps; what is left are its own round trips where a directory is opened and closed."},
	{"mount: 10000 small files read cold", "A file takes three round trips between the kernel and pfsd, to look it up, open it and read it, each with a change of process on busy " +
		"processors; hardly anything is read from the disk. Loopback shows what they leave, in the table below."},
	{"mount: create 10000 files of 4 KiB", "Neither example does what takes the time here: bytes are hashed, and each file becomes part of a tree that is " +
		"logged, shown by the other door at once, and committed. Memfs keeps it all in memory and loopback leaves it to the local file system. A third of the profile is the " +
		"collection of garbage, which has to keep within `--memory`."},
	{"mount: untar 4000 source files", "As for creating files; tar sets owner, mode and times of each one, too."},
	{"mount: remove 10000 files", "Each removal changes the tree of a branch and is logged, as each creation does. On this machine memfs itself is far from twice as fast as loopback, " +
		"so that not both marks can be right here."},
	{"one more PUT", "The tree is a level deeper, whose node is written and hashed as well, and the rows of Badger are found among more."},
	{"last commit and the one before", "What a comparison costs depends on how many entries are in the leaf of the tree that differs."},
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
