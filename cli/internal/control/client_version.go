package control

import (
	"context"
	"iter"

	"pfsd/pfs"
)

// RenameRepo gives a repo another name.
func (c *Client) RenameRepo(ctx context.Context, r RenameRequest) (pfs.Repo, error) {
	return call[pfs.Repo](ctx, c, opRepoRename, r)
}

// RenameBranch gives a branch another name.
func (c *Client) RenameBranch(ctx context.Context, r RenameRequest) (pfs.Branch, error) {
	return call[pfs.Branch](ctx, c, opBranchRename, r)
}

// InspectRepo returns all that is known of a repo.
func (c *Client) InspectRepo(ctx context.Context, r RepoRequest) (RepoInfo, error) {
	return call[RepoInfo](ctx, c, opRepoInspect, r)
}

// InspectBranch returns all that is known of a branch.
func (c *Client) InspectBranch(ctx context.Context, r BranchRequest) (BranchInfo, error) {
	return call[BranchInfo](ctx, c, opBranchInspect, r)
}

// SetKeep sets how long the automatic commits of a branch stay, and lists those for which there is no room, which are
// removed unless it is a dry run.
func (c *Client) SetKeep(ctx context.Context, r KeepRequest) iter.Seq2[Kept, error] {
	return listOf[Kept](ctx, c, opBranchKeep, r)
}

// CreateTag makes a tag.
func (c *Client) CreateTag(ctx context.Context, r TagRequest) (pfs.Tag, error) {
	return call[pfs.Tag](ctx, c, opTagCreate, r)
}

// DeleteTag deletes a tag.
func (c *Client) DeleteTag(ctx context.Context, r TagRequest) error {
	_, err := call[nothing](ctx, c, opTagDelete, r)
	return err
}

// Tags lists the tags of a repo, or of all.
func (c *Client) Tags(ctx context.Context, r TagRequest) iter.Seq2[pfs.Tag, error] {
	return listOf[pfs.Tag](ctx, c, opTagList, r)
}

// StartCommit starts a commit on the branch r.Ref.
func (c *Client) StartCommit(ctx context.Context, r ChangeRequest) (pfs.OpenCommit, error) {
	return call[pfs.OpenCommit](ctx, c, opCommitStart, r)
}

// FinishCommit makes the open commit r.Ref a commit of its branch. The cause of an error of KindConflict is a
// *pfs.ConflictError.
func (c *Client) FinishCommit(ctx context.Context, r ChangeRequest) (Commit, error) {
	return call[Commit](ctx, c, opCommitFinish, r)
}

// AbortCommit ends the open commit r.Ref with all that is in it, and returns its id.
func (c *Client) AbortCommit(ctx context.Context, r ChangeRequest) (pfs.CommitID, error) {
	return call[pfs.CommitID](ctx, c, opCommitAbort, r)
}

// OpenCommits lists the open commits of a branch, or, with Repo, of a repo.
func (c *Client) OpenCommits(ctx context.Context, r BranchRequest) iter.Seq2[pfs.OpenCommit, error] {
	return listOf[pfs.OpenCommit](ctx, c, opCommitOpen, r)
}

// InspectCommit returns all that is known of the commit that r.Ref names: of a branch its head, with what was pending.
func (c *Client) InspectCommit(ctx context.Context, r FileRequest) (CommitInfo, error) {
	return call[CommitInfo](ctx, c, opCommitInspect, r)
}

// Deletions lists what was deleted and can be restored, and the commits that branches left behind, the latest first.
func (c *Client) Deletions(ctx context.Context) iter.Seq2[pfs.Deleted, error] {
	return listOf[pfs.Deleted](ctx, c, opDeletions, nothing{})
}

// Reflog lists the heads that a branch had, the newest first.
func (c *Client) Reflog(ctx context.Context, r HeadsRequest) iter.Seq2[Head, error] {
	return listOf[Head](ctx, c, opReflog, r)
}

// Undelete restores what was deleted.
func (c *Client) Undelete(ctx context.Context, r UndeleteRequest) error {
	_, err := call[nothing](ctx, c, opUndelete, r)
	return err
}

// Follow lists the last commits of a branch, or those that changed a path, oldest first, and then each as it is made, until
// ctx is done.
func (c *Client) Follow(ctx context.Context, r FileRequest) iter.Seq2[LogLine, error] {
	return listOf[LogLine](ctx, c, opFollow, r)
}

// Diff lists what is not the same in two versions.
func (c *Client) Diff(ctx context.Context, r DiffRequest) iter.Seq2[Change, error] {
	return listOf[Change](ctx, c, opDiff, r)
}

// Annotate lists a directory with the commits that last changed its entries.
func (c *Client) Annotate(ctx context.Context, r FileRequest) iter.Seq2[Annotated, error] {
	return listOf[Annotated](ctx, c, opAnnotate, r)
}

// Merge brings the changes of r.From into the branch r.Ref, and returns the branch's head. The cause of an error of
// KindConflict is a *pfs.ConflictError, as it is for Revert and CherryPick.
func (c *Client) Merge(ctx context.Context, r ChangeRequest) (Commit, error) {
	return call[Commit](ctx, c, opMerge, r)
}

// Revert undoes on the branch r.Ref what the commit r.From did, and returns the branch's head.
func (c *Client) Revert(ctx context.Context, r ChangeRequest) (Commit, error) {
	return call[Commit](ctx, c, opRevert, r)
}

// CherryPick does on the branch r.Ref what the commit r.From did, and returns the branch's head.
func (c *Client) CherryPick(ctx context.Context, r ChangeRequest) (Commit, error) {
	return call[Commit](ctx, c, opPick, r)
}

// Reset makes the commit r.From the head of the branch r.Ref, and returns it.
func (c *Client) Reset(ctx context.Context, r ChangeRequest) (Rewritten, error) {
	return call[Rewritten](ctx, c, opReset, r)
}

// Squash makes one of the commits of the branch r.Ref after r.From, up to r.Until if that is given, and returns the branch's
// head.
func (c *Client) Squash(ctx context.Context, r ChangeRequest) (Rewritten, error) {
	return call[Rewritten](ctx, c, opSquash, r)
}

// Restore makes r.Path in the branch r.Ref what it is in the version r.From, or removes it when it is not there. It returns
// the commit, which is zero when that changed nothing.
func (c *Client) Restore(ctx context.Context, r ChangeRequest) (Commit, error) {
	return call[Commit](ctx, c, opRestore, r)
}

// Copy copies files and directories of any versions into a branch.
func (c *Client) Copy(ctx context.Context, r FilesRequest) (Commit, error) {
	return call[Commit](ctx, c, opCopy, r)
}

// Move moves files and directories of a branch.
func (c *Client) Move(ctx context.Context, r FilesRequest) (Commit, error) {
	return call[Commit](ctx, c, opMove, r)
}

// MakeDir makes directories.
func (c *Client) MakeDir(ctx context.Context, r FilesRequest) (Commit, error) {
	return call[Commit](ctx, c, opMakeDir, r)
}

// Glob lists the entries whose path matches r.Path, a pattern with *, ?, [classes], {a,b} and ** for any directories.
func (c *Client) Glob(ctx context.Context, r FileRequest) iter.Seq2[Entry, error] {
	return listOf[Entry](ctx, c, opGlob, r)
}

// Usage returns how many bytes a version, or its history, takes.
func (c *Client) Usage(ctx context.Context, r UsageRequest) (pfs.Usage, error) {
	return call[pfs.Usage](ctx, c, opUsage, r)
}
