package pfs

import "time"

// Repo is what is known of a repo.
type Repo struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// Number tells it from all other repos, and stays when it is renamed.
	Number uint64 `json:"-"`
}

// Branch is what is known of a branch.
type Branch struct {
	Repo    string    `json:"repo"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// Head is the last commit.
	Head CommitID `json:"head"`
	// Changed is when what the branch shows last changed, in a commit or not yet.
	Changed time.Time `json:"changed"`
	// Pending is set while it shows changes that are in no commit yet.
	Pending bool `json:"pending"`
	// Bare is set on a branch that was made by its repo's name alone.
	Bare bool `json:"bare"`
	// Settings are what SetBranchSetting has set; nil when nothing is. The map must not be changed.
	Settings map[string]string `json:"settings,omitempty"`
	// Totals sum up what it shows.
	Totals Totals `json:"totals"`
}

// Commit is what is known of a commit.
type Commit struct {
	ID      CommitID   `json:"id"`
	Repo    string     `json:"repo"`
	Parents []CommitID `json:"parents"`
	// Time is when it was made; never before its parents'.
	Time    time.Time `json:"time"`
	Origin  Origin    `json:"-"`
	Author  string    `json:"author,omitempty"`
	Message string    `json:"message,omitempty"`
	// Gen is its place in the order of all commits of the store.
	Gen    uint64 `json:"gen"`
	Totals Totals `json:"totals"`
}

// PathChange is a path that a change touched.
type PathChange struct {
	// Path as in CheckPath; the empty path is the root.
	Path string
	// Subtree is set when anything below Path may have changed, too.
	Subtree bool
}

// Event is one visible change of a branch, as a Watcher gets it.
type Event struct {
	Origin Origin
	// Changes are the paths; empty when Lost is set.
	Changes []PathChange
	// Links are the files with several names that were changed, each as all its names show it.
	Links []LinkID
	// Lost is set when the watcher fell so far behind that the paths were dropped: anything may have changed.
	Lost bool
	// Deleted is set when the branch has been deleted; it may come to be again later.
	Deleted bool
	// Renamed is set when the branch, or what it belongs to, has got another name, and nothing else has changed: see
	// Watcher.Ref.
	Renamed bool

	settled func()
}

// Done tells the store that the watcher has acted on the event. An Update that caused it waits for that. Call it once.
func (e *Event) Done() {
	if e.settled != nil {
		e.settled()
	}
}

// Version says what a Snapshot shows.
type Version struct {
	Repo string
	// Branch is the branch or tag that was named; empty when a commit was named without one.
	Branch string
	// Commit is the commit shown; below Pending changes, the one that they are made on.
	Commit CommitID
	// Pending is the id that the commit of the changes shown will have, or zero when all that is shown is in Commit. An entry
	// whose Changed names it has no version to be named by yet.
	Pending CommitID
	// Time is when what is shown last changed.
	Time time.Time
	// Live is set when the version is a branch as it is now, which can be written to.
	Live bool
}

// Status is how the store is doing.
type Status struct {
	Repos    int `json:"repos"`
	Branches int `json:"branches"`
	// Pending is the number of branches with changes that are in no commit yet.
	Pending int `json:"pending"`
	Packs   int `json:"packs"`
	// PackBytes is the size of all packs.
	PackBytes int64 `json:"pack_bytes"`
	Uploads   int   `json:"uploads"`
	// Scrub is how the reading again of everything goes; nil before it has begun.
	Scrub *ScrubStatus `json:"scrub,omitempty"`
}

// LogEntry is one commit of a history, with what it did to the path asked for.
type LogEntry struct {
	Commit Commit
	// Entry is the file as that commit left it; nil when it removed it, and when the log of a whole branch was asked for.
	Entry *Entry
}

// Upload is what is known of an upload: contents parked until they become one file.
type Upload struct {
	ID      UploadID
	Path    string
	Meta    *Meta
	Started time.Time
}

// Extent is a piece of a file: a stored chunk, or a hole.
type Extent struct {
	Offset int64 `json:"offset"`
	Size   int64 `json:"size"`
	// Hash is the chunk's; zero for a hole.
	Hash Hash `json:"hash"`
	Hole bool `json:"hole,omitempty"`
}

// Range is a range of bytes of a file.
type Range struct {
	Offset, Size int64
}
