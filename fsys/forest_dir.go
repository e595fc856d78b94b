package fsys

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"pfsd/pfs"
)

// These requests are about names.

// isHidden reports whether a name in a directory is that of the page that is found by name alone.
func (t *tree) isHidden(dir uint64, name string) bool {
	return t.hidden != nil && name == pfs.ReservedName && dir == t.table.root.id
}

// within returns the tree in whose directory a name is to be changed; when there is none, st says what to answer. taken is
// the answer for a name that is a page's.
func (f *forest) within(h *fuse.InHeader, name string, taken syscall.Errno) (t *tree, st fuse.Status) {
	t = f.tree(h.NodeId)
	switch {
	case t == nil:
		return nil, f.refuse(h)
	case t.isHidden(h.NodeId, name) && !t.readOnly():
		f.ops.count(h.Opcode)
		return nil, fuse.Status(taken)
	}
	return t, fuse.OK
}

// refuse answers a change of a page: it is not made, whoever asks.
func (f *forest) refuse(h *fuse.InHeader) fuse.Status {
	f.ops.count(h.Opcode)
	p := f.pages.get(h.NodeId)
	if p == nil {
		return fuse.ENOENT
	}
	if _, ok := p.dir.(arranger); ok {
		return fuse.EPERM
	}
	return fuse.EROFS
}

// Lookup answers what is at a name, or that nothing is.
func (f *forest) Lookup(cancel <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if t := f.tree(h.NodeId); t != nil {
		if !t.isHidden(h.NodeId, name) {
			return t.Lookup(cancel, h, name, out)
		}
		f.ops.count(h.Opcode)
		f.replyPage(t.hidden, fixedTimeout, out)
		return fuse.OK
	}
	f.ops.count(h.Opcode)
	p := f.pages.get(h.NodeId)
	if p == nil || p.dir == nil {
		return fuse.ENOENT
	}
	return f.lookupIn(p.dir, name, out)
}

// lookupIn answers what is at a name of a page.
func (f *forest) lookupIn(dir pageDir, name string, out *fuse.EntryOut) fuse.Status {
	for {
		what, err := dir.lookup(name)
		switch {
		case err != nil:
			return f.fail("lookup", err)
		case what.page != nil:
			f.replyPage(what.page, what.keep, out)
			return fuse.OK
		case what.tree == nil:
			return fuse.ENOENT
		}
		done, err := f.replyTree(what.tree, what.keep, out)
		if err != nil {
			return f.fail("lookup", err)
		}
		if done {
			return fuse.OK
		}
	}
}

// fail returns the status of an error, and logs those that a user can do nothing about.
func (f *forest) fail(op string, err error) fuse.Status {
	st := status(err)
	if st == fuse.EIO {
		f.log.Error("request failed", "op", op, "error", err)
	}
	return st
}

// Mkdir makes a directory; among pages a repo or a branch.
func (f *forest) Mkdir(cancel <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	if p := f.pages.get(in.NodeId); p != nil {
		dir, ok := p.dir.(arranger)
		if !ok {
			return f.refuse(&in.InHeader)
		}
		f.ops.count(in.Opcode)
		if err := dir.make(name, pfs.Owner{UID: in.Uid, GID: in.Gid}); err != nil {
			return f.fail("mkdir", err)
		}
		return f.lookupIn(dir, name, out)
	}
	t, st := f.within(&in.InHeader, name, syscall.EEXIST)
	if t == nil {
		return st
	}
	return t.Mkdir(cancel, in, name, out)
}

// Rmdir removes an empty directory; among pages a repo or a branch.
func (f *forest) Rmdir(cancel <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	if p := f.pages.get(h.NodeId); p != nil {
		dir, ok := p.dir.(arranger)
		if !ok {
			return f.refuse(h)
		}
		f.ops.count(h.Opcode)
		if err := dir.remove(name); err != nil {
			return f.fail("rmdir", err)
		}
		return fuse.OK
	}
	t, st := f.within(h, name, syscall.EBUSY)
	if t == nil {
		return st
	}
	return t.Rmdir(cancel, h, name)
}

// Rename moves a name. What is in one tree, or a page, stays there.
func (f *forest) Rename(cancel <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	source, target := f.tree(in.NodeId), f.tree(in.Newdir)
	t, st := f.within(&in.InHeader, from, syscall.EBUSY)
	switch {
	case source == nil && target == nil:
		return f.renamePage(in, from, to, st)
	case source != target:
		return fuse.EXDEV
	case t == nil:
		return st
	case t.isHidden(in.Newdir, to) && !t.readOnly():
		return fuse.Status(syscall.EBUSY)
	}
	return t.Rename(cancel, in, from, to)
}

// renamePage renames a repo or a branch; refused is the answer when pages cannot be renamed there.
func (f *forest) renamePage(in *fuse.RenameIn, from, to string, refused fuse.Status) fuse.Status {
	source, target := f.pages.get(in.NodeId), f.pages.get(in.Newdir)
	if source == nil || target == nil {
		return fuse.ENOENT
	}
	dir, ok := source.dir.(arranger)
	if !ok {
		return refused
	}
	if in.Flags&^unix.RENAME_NOREPLACE != 0 {
		return fuse.EINVAL
	}
	if err := dir.rename(from, target.dir, to); err != nil {
		return f.fail("rename", err)
	}
	return fuse.OK
}

// Unlink removes a name of anything but a directory.
func (f *forest) Unlink(cancel <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	t, st := f.within(h, name, syscall.EBUSY)
	if t == nil {
		return st
	}
	return t.Unlink(cancel, h, name)
}

// Symlink makes a symlink.
func (f *forest) Symlink(
	cancel <-chan struct{}, h *fuse.InHeader, target, name string, out *fuse.EntryOut,
) fuse.Status {
	t, st := f.within(h, name, syscall.EEXIST)
	if t == nil {
		return st
	}
	return t.Symlink(cancel, h, target, name, out)
}

// Mknod makes anything but a directory.
func (f *forest) Mknod(cancel <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	t, st := f.within(&in.InHeader, name, syscall.EEXIST)
	if t == nil {
		return st
	}
	return t.Mknod(cancel, in, name, out)
}

// Link makes a further name, in the same tree.
func (f *forest) Link(cancel <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	t, st := f.within(&in.InHeader, name, syscall.EEXIST)
	switch {
	case t == nil:
		return st
	case t != f.tree(in.Oldnodeid):
		return fuse.EXDEV
	}
	return t.Link(cancel, in, name, out)
}

// Create makes a file and opens it.
func (f *forest) Create(cancel <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	t, st := f.within(&in.InHeader, name, syscall.EISDIR)
	if t == nil {
		return st
	}
	return t.Create(cancel, in, name, out)
}

// Tmpfile makes a file without a name.
func (f *forest) Tmpfile(cancel <-chan struct{}, in *fuse.CreateIn, out *fuse.CreateOut) fuse.Status {
	t := f.tree(in.NodeId)
	if t == nil {
		return f.refuse(&in.InHeader)
	}
	return t.Tmpfile(cancel, in, out)
}

// OpenDir opens a directory.
func (f *forest) OpenDir(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.OpenDir(cancel, in, out)
	}
	f.ops.count(in.Opcode)
	p := f.pages.get(in.NodeId)
	switch {
	case p == nil:
		return fuse.ENOENT
	case p.dir == nil:
		return fuse.ENOTDIR
	}
	out.Fh = f.pages.open(p)
	return fuse.OK
}

// ReadDir lists names.
func (f *forest) ReadDir(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.ReadDir(cancel, in, out)
	}
	return f.readPages(in, out.AddDirEntry)
}

// ReadDirPlus lists names with what a lookup of each would answer; of pages it lists the names.
func (f *forest) ReadDirPlus(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.ReadDirPlus(cancel, in, out)
	}
	return f.readPages(in, func(e fuse.DirEntry) bool { return out.AddDirLookupEntry(e) != nil })
}

// readPages lists a page until add says that there is no more room.
func (f *forest) readPages(in *fuse.ReadIn, add func(e fuse.DirEntry) bool) fuse.Status {
	f.ops.count(in.Opcode)
	h := f.pages.handle(in.Fh)
	if h == nil {
		return fuse.EBADF
	}
	entries, err := h.namesFrom(in.Offset)
	if err != nil {
		return f.fail("readdir", err)
	}
	for _, e := range entries {
		if !add(e) {
			break
		}
	}
	return fuse.OK
}

// ReleaseDir closes a directory.
func (f *forest) ReleaseDir(in *fuse.ReleaseIn) {
	if t := f.tree(in.NodeId); t != nil {
		t.ReleaseDir(in)
		return
	}
	f.ops.count(in.Opcode)
	f.pages.close(in.Fh)
}

// FsyncDir returns when the names in a directory are on disk as they are; those of pages are.
func (f *forest) FsyncDir(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	if t := f.tree(in.NodeId); t != nil {
		return t.FsyncDir(cancel, in)
	}
	f.ops.count(in.Opcode)
	return fuse.OK
}
