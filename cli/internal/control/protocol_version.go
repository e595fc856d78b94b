package control

import (
	"time"

	"pfsd/pfs"
)

// The names of the operations on versions.
const (
	opRepoRename    = "/repo/rename"
	opRepoInspect   = "/repo/inspect"
	opBranchRename  = "/branch/rename"
	opBranchInspect = "/branch/inspect"
	opBranchKeep    = "/branch/keep"
	opTagCreate     = "/tag/create"
	opTagList       = "/tag/list"
	opTagDelete     = "/tag/delete"
	opCommitStart   = "/commit/start"
	opCommitFinish  = "/commit/finish"
	opCommitAbort   = "/commit/abort"
	opCommitOpen    = "/commit/open"
	opCommitInspect = "/commit/inspect"
	opDeletions     = "/deletions"
	opUndelete      = "/undelete"
	opReflog        = "/reflog"
	opFollow        = "/follow"
	opDiff          = "/diff"
	opAnnotate      = "/annotate"
	opMerge         = "/merge"
	opRevert        = "/revert"
	opPick          = "/cherry-pick"
	opReset         = "/reset"
	opSquash        = "/squash"
	opRestore       = "/restore"
	opCopy          = "/cp"
	opMove          = "/mv"
	opMakeDir       = "/mkdir"
	opGlob          = "/glob"
	opUsage         = "/du"
)

// RenameRequest gives a repo, or a branch, another name.
type RenameRequest struct {
	// Repo is a repo's name, Ref a branch's address; one of them is set.
	Repo string `json:"repo,omitempty"`
	Ref  string `json:"ref,omitempty"`
	To   string `json:"to"`
}

// KeepRequest sets how long the automatic commits of a branch stay.
type KeepRequest struct {
	Ref string `json:"ref"`
	// Policy is as in pfs.Store.SetKeep; empty for the default.
	Policy string `json:"policy"`
	// DryRun changes nothing.
	DryRun bool `json:"dry_run,omitempty"`
}

// TagRequest is about one tag, or, in a list with Repo, those of a repo, or all.
type TagRequest struct {
	// Ref is the tag's address, From that of the version it is to name.
	Ref  string `json:"ref,omitempty"`
	From string `json:"from,omitempty"`
	Repo string `json:"repo,omitempty"`
}

// UndeleteRequest restores a branch or tag, or, when there is no repo of that name, a repo.
type UndeleteRequest struct {
	// Repo is set when a name without a branch was given, which may mean the repo.
	Repo string `json:"repo,omitempty"`
	Ref  string `json:"ref"`
}

// ChangeRequest changes a branch by what is in the store already.
type ChangeRequest struct {
	// Ref is the branch to be changed, or the open commit.
	Ref string `json:"ref"`
	// From is the version that the change comes from.
	From string `json:"from,omitempty"`
	// Until is the last commit of a range that is squashed; empty for the branch's last.
	Until string `json:"until,omitempty"`
	// Path is the file or directory that is restored.
	Path string `json:"path,omitempty"`
	// Resolve is what becomes of paths that both sides have changed: "ours", "theirs", or empty to report them.
	Resolve string `json:"resolve,omitempty"`
	Message string `json:"message,omitempty"`
	By      Person `json:"by"`
}

// Rewritten is the head of a branch that may have been moved, and the head before.
type Rewritten struct {
	Commit
	// Was is the head before; the same as ID when the branch was not moved.
	Was pfs.CommitID `json:"was"`
	// Until is when Was may be collected as garbage; absent when a name leads to it.
	Until time.Time `json:"until,omitzero"`
}

// HeadsRequest asks for the heads that the branch Ref had.
type HeadsRequest struct {
	Ref string `json:"ref"`
	// Limit is the greatest number of heads; 0 for all.
	Limit int `json:"limit,omitempty"`
}

// The states of a Head.
const (
	// HeadNamed is one to which a name leads, HeadLeft one that stays until a time, HeadGone one that is no longer there.
	HeadNamed = "named"
	HeadLeft  = "left"
	HeadGone  = "gone"
)

// Head is a commit that a branch had as its last one.
type Head struct {
	ID pfs.CommitID `json:"id"`
	// Time is when the branch got it, and Origin and Author whose change that was; absent when that is not known.
	Time   time.Time `json:"time,omitzero"`
	Origin string    `json:"origin,omitempty"`
	Author string    `json:"author,omitempty"`
	// Moved is set when the branch was moved to it; else it was made there. Why is the reason, or the commit's message.
	Moved bool   `json:"moved"`
	Why   string `json:"why,omitempty"`
	State string `json:"state"`
	// Until is when one that is left may be collected as garbage; absent when that is not known.
	Until time.Time `json:"until,omitzero"`
}

// FilesRequest copies, moves or makes files and directories of a branch, in one commit.
type FilesRequest struct {
	Ref string `json:"ref"`
	// Sources are what is copied or moved; of a move, all in Ref.
	Sources []Place `json:"sources,omitempty"`
	// To is where to. It must be a directory when there are several sources.
	To string `json:"to,omitempty"`
	// Into is set when To was written as a directory, which then must be there.
	Into bool `json:"into,omitempty"`
	// Paths are the directories that are made.
	Paths []string `json:"paths,omitempty"`
	// Recursive copies directories too; Parents makes the directories above those that are made, and takes ones that exist.
	Recursive bool   `json:"recursive,omitempty"`
	Parents   bool   `json:"parents,omitempty"`
	Message   string `json:"message,omitempty"`
	By        Person `json:"by"`
}

// Place is a path in a version.
type Place struct {
	Ref  string `json:"ref"`
	Path string `json:"path"`
}

// DiffRequest compares two versions.
type DiffRequest struct {
	// From is the version before; empty for the first parent of To.
	From string `json:"from,omitempty"`
	To   string `json:"to"`
	// Path narrows it to a file or directory.
	Path string `json:"path,omitempty"`
}

// UsageRequest asks what a version takes.
type UsageRequest struct {
	Ref string `json:"ref"`
	// History asks for all the commits that end in it.
	History bool `json:"history,omitempty"`
}

// RepoInfo is all that is known of a repo.
type RepoInfo struct {
	pfs.Repo
	Branches []pfs.Branch     `json:"branches"`
	Tags     []pfs.Tag        `json:"tags"`
	Open     []pfs.OpenCommit `json:"open_commits"`
}

// BranchInfo is all that is known of a branch.
type BranchInfo struct {
	pfs.Branch
	// Keep is the policy for automatic commits.
	Keep string `json:"keep_automatic"`
	// Open are the commits that were started on it.
	Open []pfs.OpenCommit `json:"open_commits"`
}

// CommitInfo is all that is known of a commit, finished or not.
type CommitInfo struct {
	Commit
	Repo string `json:"repo"`
	// Open is set on a commit that is not finished, with Branch, the one that it was started on.
	Open   bool   `json:"open"`
	Branch string `json:"branch,omitempty"`
	// Heads and Tags are the branches at whose head it is, and its tags.
	Heads []string `json:"heads"`
	Tags  []string `json:"tags"`
}

// The states of a Change.
const (
	Added   = "added"
	Deleted = "deleted"
	Changed = "changed"
	Renamed = "renamed"
)

// Change is a path that is not the same in two versions.
type Change struct {
	// Status is Added, Deleted, Changed, or Renamed: a file that was added with the content of one that was deleted.
	Status string `json:"status"`
	Path   string `json:"path"`
	// From is the path before a rename.
	From   string `json:"from,omitempty"`
	Before *Entry `json:"before,omitempty"`
	After  *Entry `json:"after,omitempty"`
}

// Annotated is an entry of a directory with the commit that last changed it, or anything below it.
type Annotated struct {
	Entry
	Author  string    `json:"author,omitempty"`
	Message string    `json:"message,omitempty"`
	Time    time.Time `json:"time"`
	Origin  string    `json:"origin"`
}

// Kept is an automatic commit for which a policy has no room.
type Kept struct {
	ID pfs.CommitID `json:"id"`
}
