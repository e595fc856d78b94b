package control

import (
	"time"

	"pfsd/pfs"
)

// Version is the version of this protocol and of the handshake below it. Two programs that differ in it do not talk.
const Version = 2

// The names of the operations, as the path of their URL.
const (
	opRepoCreate   = "/repo/create"
	opRepoList     = "/repo/list"
	opRepoDelete   = "/repo/delete"
	opBranchCreate = "/branch/create"
	opBranchList   = "/branch/list"
	opBranchDelete = "/branch/delete"
	opLog          = "/log"
	opList         = "/ls"
	opStat         = "/stat"
	opGet          = "/get"
	opPut          = "/put"
	opRemove       = "/rm"
	opStatus       = "/status"
	opCheck        = "/fsck"
	opUnmount      = "/umount"
)

// Person is the user on whose behalf a change is made.
type Person struct {
	// Name goes into commits as their author.
	Name string `json:"name,omitempty"`
	// UID and GID own the root of a branch that is made.
	UID uint32 `json:"uid"`
	GID uint32 `json:"gid"`
}

// RepoRequest is about one repo.
type RepoRequest struct {
	Name string `json:"name"`
	// Force lets a repo be deleted that holds files.
	Force bool   `json:"force,omitempty"`
	By    Person `json:"by"`
}

// BranchRequest is about one branch, or, in a list with Repo, all of a repo, or all.
type BranchRequest struct {
	// Ref is the branch's address.
	Ref string `json:"ref,omitempty"`
	// Repo narrows a list; empty for all.
	Repo string `json:"repo,omitempty"`
	// From is the address of the version that a new branch starts from; empty for an empty branch.
	From string `json:"from,omitempty"`
	// MakeRepo makes the repo too when it is missing.
	MakeRepo bool   `json:"make_repo,omitempty"`
	By       Person `json:"by"`
}

// FileRequest is about a file or directory of a version.
type FileRequest struct {
	Ref string `json:"ref"`
	// Path is empty for the root.
	Path string `json:"path,omitempty"`
	// Recursive lists, or gets, what is below directories, too.
	Recursive bool `json:"recursive,omitempty"`
	// Offset is where the bytes of a file begin that are asked for.
	Offset int64 `json:"offset,omitempty"`
	// Links has a get name the first path of a file with several names at each of the others, instead of its bytes.
	Links bool `json:"links,omitempty"`
	// Chunks asks for a file's chunk list.
	Chunks bool `json:"chunks,omitempty"`
	// Limit is the greatest number of commits in a log; 0 for all.
	Limit int `json:"limit,omitempty"`
	// Since and Author narrow a log to commits that are not older, and whose author's name contains Author in any case.
	Since  time.Time `json:"since,omitzero"`
	Author string    `json:"author,omitempty"`
}

// PutRequest goes before the files of a put.
type PutRequest struct {
	Ref string `json:"ref"`
	// Owners is set when UID and GID of the entries count; else files get those of the directory they are in.
	Owners  bool   `json:"owners,omitempty"`
	Message string `json:"message,omitempty"`
	By      Person `json:"by"`
}

// RemoveRequest removes files in one commit.
type RemoveRequest struct {
	Ref   string   `json:"ref"`
	Paths []string `json:"paths"`
	// Recursive removes directories with all that is in them.
	Recursive bool   `json:"recursive,omitempty"`
	Message   string `json:"message,omitempty"`
	By        Person `json:"by"`
}

// CheckRequest starts a check of the store.
type CheckRequest struct {
	// Deep reads and hashes every chunk, Rate bytes a second at most; 0 for as many as it can.
	Deep bool  `json:"deep,omitempty"`
	Rate int64 `json:"rate,omitempty"`
}

// UnmountRequest ends a mount.
type UnmountRequest struct {
	// Dir is the mount point, in canonical form.
	Dir string `json:"dir"`
}

// Commit is a commit as commands show it.
type Commit struct {
	ID      pfs.CommitID   `json:"id"`
	Parents []pfs.CommitID `json:"parents"`
	Time    time.Time      `json:"time"`
	Origin  string         `json:"origin"`
	Author  string         `json:"author,omitempty"`
	Message string         `json:"message,omitempty"`
	Files   uint64         `json:"files"`
	Bytes   uint64         `json:"bytes"`
}

// LogLine is a commit of a history. With a path in the request, Entry is the file as the commit left it, or nil, with
// Deleted set, when it removed it.
type LogLine struct {
	Commit
	Entry   *Entry `json:"entry,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
}

// Entry is a file, directory or other entry as commands show it.
type Entry struct {
	// Path is relative to the root of the version.
	Path  string    `json:"path"`
	Kind  string    `json:"kind"`
	Size  int64     `json:"size"`
	Mode  Mode      `json:"mode"`
	UID   uint32    `json:"uid"`
	GID   uint32    `json:"gid"`
	Mtime time.Time `json:"mtime"`
	// ETag is the BLAKE3-256 of a file's bytes in hex, with "-0" appended for very sparse files.
	ETag string `json:"etag,omitempty"`
	// Version is the commit that last changed it; absent when the change is in no commit yet.
	Version *pfs.CommitID `json:"version,omitempty"`
	// Target is a symbolic link's, or the path of another name of the same file; RawTarget is set too when it is not UTF-8, which JSON cannot carry.
	Target    string `json:"target,omitempty"`
	RawTarget []byte `json:"raw_target,omitempty"`
	Device    uint64 `json:"device,omitempty"`
	// Xattrs are extended attributes; only a get and a put have them.
	Xattrs map[string][]byte `json:"xattrs,omitempty"`
	// Files, Dirs and Bytes sum up a directory.
	Files uint64 `json:"files,omitempty"`
	Dirs  uint64 `json:"dirs,omitempty"`
	Bytes uint64 `json:"bytes,omitempty"`
}

// Stat is all that is known of one entry.
type Stat struct {
	Entry
	Address string `json:"address"`
	// ReadOnly is set in a version that cannot change.
	ReadOnly bool      `json:"read_only,omitempty"`
	Ctime    time.Time `json:"ctime"`
	Btime    time.Time `json:"btime"`
	// Explicit is set on a directory that somebody made, rather than only a file in it.
	Explicit    bool              `json:"explicit,omitempty"`
	ContentType string            `json:"content_type,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	User        map[string]string `json:"user,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Checksums   map[string]string `json:"checksums,omitempty"`
	Xattrs      map[string][]byte `json:"xattrs,omitempty"`
	Chunks      []pfs.Extent      `json:"chunks,omitempty"`
}

// The kinds of door.
const (
	DoorS3    = "s3"
	DoorMount = "mount"
)

// Door is an S3 endpoint or a mount that the host serves.
type Door struct {
	// Kind is DoorS3 or DoorMount.
	Kind string `json:"kind"`
	// PID is the process that owns it: that listens, or has mounted.
	PID int `json:"pid"`
	// Addr is an S3 endpoint's host and port, TLS whether it speaks that.
	Addr string `json:"addr,omitempty"`
	TLS  bool   `json:"tls,omitempty"`
	// Dir is a mount's mount point, Address what is mounted there.
	Dir     string `json:"dir,omitempty"`
	Address string `json:"address,omitempty"`
	// Requests counts what the kernel has asked of a mount, by the operation's name.
	Requests map[string]uint64 `json:"requests,omitempty"`
}

// Host is the process that holds the store.
type Host struct {
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
}

// Moved counts the bytes of files that commands have moved since the host began. Those that were found to be where they
// were to go are not among them.
type Moved struct {
	// In is what puts and imports have brought, Out what gets, exports and cats have taken.
	In  int64 `json:"in"`
	Out int64 `json:"out"`
}

// Status is how the store and its host are doing.
type Status struct {
	Data  string     `json:"data"`
	Host  Host       `json:"host"`
	Store pfs.Status `json:"store"`
	Moved Moved      `json:"moved"`
	// S3 and Mounts are the open doors.
	S3     []Door `json:"s3"`
	Mounts []Door `json:"mounts"`
}

// Problem is one thing that a check found wrong.
type Problem struct {
	Ref   string `json:"ref,omitempty"`
	Path  string `json:"path,omitempty"`
	Error string `json:"error"`
}

// CheckReport is what a check counted and found.
type CheckReport struct {
	Repos    int64     `json:"repos"`
	Branches int64     `json:"branches"`
	Tags     int64     `json:"tags"`
	Commits  int64     `json:"commits"`
	Entries  int64     `json:"entries"`
	Uploads  int64     `json:"uploads"`
	Problems []Problem `json:"problems"`
}
