package control

import "pfsd/pfs"

// versionOps are what the operations on versions need of the core, and what all share.
type versionOps struct {
	find    finder
	names   nameStore
	tags    tagStore
	open    openStore
	deleted undeleteStore
	heads   headStore
	keep    keepStore
	watch   followStore
	diffs   diffStore
	combine combineStore
	rewrite rewriteStore
	usage   usageStore
	moved   *meter
}

// handleVersions adds the operations on versions.
func (h *Handler) handleVersions(store *pfs.Store) {
	h.versions = versionOps{
		find: store, names: store, tags: store, open: store, deleted: store, heads: store, keep: store, watch: store, diffs: store, combine: store,
		rewrite: store, usage: store, moved: new(meter),
	}
	h.handle(opRepoRename, value(h.renameRepo))
	h.handle(opRepoInspect, value(h.inspectRepo))
	h.handle(opBranchRename, value(h.renameBranch))
	h.handle(opBranchInspect, value(h.inspectBranch))
	h.handle(opBranchKeep, list(h, h.setKeep))
	h.handle(opTagCreate, value(h.createTag))
	h.handle(opTagList, list(h, h.listTags))
	h.handle(opTagDelete, value(h.deleteTag))
	h.handle(opCommitStart, value(h.startCommit))
	h.handle(opCommitFinish, value(h.finishCommit))
	h.handle(opCommitAbort, value(h.abortCommit))
	h.handle(opCommitOpen, list(h, h.openCommits))
	h.handle(opCommitInspect, value(h.inspectCommit))
	h.handle(opDeletions, list(h, h.deletions))
	h.handle(opUndelete, value(h.undelete))
	h.handle(opReflog, list(h, h.reflog))
	h.handle(opFollow, live(h.follow))
	h.handle(opDiff, list(h, h.diff))
	h.handle(opAnnotate, list(h, h.annotate))
	h.handle(opMerge, value(h.merge))
	h.handle(opRevert, value(h.revert))
	h.handle(opPick, value(h.cherryPick))
	h.handle(opReset, value(h.reset))
	h.handle(opSquash, value(h.squash))
	h.handle(opRestore, value(h.restore))
	h.handle(opCopy, value(h.copyFiles))
	h.handle(opMove, value(h.moveFiles))
	h.handle(opMakeDir, value(h.makeDirs))
	h.handle(opGlob, list(h, h.glob))
	h.handle(opUsage, value(h.measure))
}
