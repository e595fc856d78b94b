package memdisk

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Mount shows the disk on a directory until the function returned is called, or the test ends. Nothing of this process may look
// into it meanwhile.
func (d *Disk) Mount(t *testing.T, dir string) (unmount func()) {
	t.Helper()
	timeout := time.Hour
	server, err := fs.Mount(dir, d.node(d.root), &fs.Options{
		AttrTimeout: &timeout, EntryTimeout: &timeout,
		MountOptions: fuse.MountOptions{Name: "memdisk", FsName: "memdisk", DirectMount: true},
	})
	if err != nil {
		t.Skipf("this system cannot mount: %v", err)
	}
	unmount = sync.OnceFunc(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		}
		server.Wait()
	})
	t.Cleanup(unmount)
	return unmount
}

// node is an inode as the library sees it.
type node struct {
	fs.Inode
	disk  *Disk
	inode *inode
}

var (
	_ fs.NodeOnAdder   = (*node)(nil)
	_ fs.NodeGetattrer = (*node)(nil)
	_ fs.NodeSetattrer = (*node)(nil)
	_ fs.NodeOpener    = (*node)(nil)
	_ fs.NodeReader    = (*node)(nil)
	_ fs.NodeWriter    = (*node)(nil)
	_ fs.NodeFsyncer   = (*node)(nil)
	_ fs.NodeCreater   = (*node)(nil)
	_ fs.NodeMknoder   = (*node)(nil)
	_ fs.NodeMkdirer   = (*node)(nil)
	_ fs.NodeUnlinker  = (*node)(nil)
	_ fs.NodeRmdirer   = (*node)(nil)
	_ fs.NodeRenamer   = (*node)(nil)
	_ fs.NodeStatfser  = (*node)(nil)
	_ fs.NodeTmpfiler  = (*node)(nil)
	_ fs.NodeLookuper  = (*node)(nil)
	_ fs.NodeOpendirer = (*node)(nil)
	_ fs.NodeReaddirer = (*node)(nil)
	_ fs.NodeFlusher   = (*node)(nil)
	_ fs.NodeAllocater = (*node)(nil)
)

func (d *Disk) node(n *inode) *node { return &node{disk: d, inode: n} }

// enter begins a call, which ends with leave; EIO after the power cut.
func (d *Disk) enter(op Op, name string) syscall.Errno {
	d.mu.Lock()
	errno := syscall.EIO
	if !d.gone {
		if errno = 0; d.watch != nil {
			errno = d.watch(Call{op, name})
		}
	}
	if errno != 0 {
		d.mu.Unlock()
	}
	return errno
}

func (d *Disk) leave() { d.mu.Unlock() }

// OnAdd gives the library what is in the directory.
func (n *node) OnAdd(ctx context.Context) {
	for name, child := range n.inode.names {
		n.AddChild(name, n.child(ctx, child), false)
	}
}

func (n *node) child(ctx context.Context, child *inode) *fs.Inode {
	return n.NewPersistentInode(ctx, n.disk.node(child), fs.StableAttr{Mode: child.mode & syscall.S_IFMT, Ino: child.number})
}

// name is what the inode is called in its directory; "" for the root, and for a file that has no name any more.
func (n *node) name() string {
	name, _ := n.Parent()
	return name
}

func (n *node) attr(out *fuse.Attr) {
	// The kernel finds a socket by the number of its inode, which must therefore be the same in all answers.
	out.Ino, out.Mode, out.Size, out.Nlink = n.inode.number, n.inode.mode, uint64(n.inode.size), 1
	out.Blocks = uint64(len(n.inode.pages)) * pageSize / 512
}

// Getattr implements fs.NodeGetattrer, as the other methods do what they are named after.
func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	if errno := n.disk.enter(Getattr, n.name()); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	n.attr(&out.Attr)
	return 0
}

func (n *node) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if errno := n.disk.enter(Setattr, n.name()); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	if size, ok := in.GetSize(); ok {
		n.inode.truncate(int64(size))
	}
	if mode, ok := in.GetMode(); ok {
		n.inode.mode = n.inode.mode&syscall.S_IFMT | mode&0o7777
	}
	n.attr(&out.Attr)
	return 0
}

func (n *node) Lookup(_ context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if errno := n.disk.enter(Lookup, name); errno != 0 {
		return nil, errno
	}
	defer n.disk.leave()
	child := n.GetChild(name)
	if child == nil {
		return nil, syscall.ENOENT
	}
	child.Operations().(*node).attr(&out.Attr)
	return child, 0
}

func (n *node) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, n.ask(Open)
}

func (n *node) Opendir(context.Context) syscall.Errno { return n.ask(Opendir) }

func (n *node) Flush(context.Context, fs.FileHandle) syscall.Errno { return n.ask(Flush) }

// ask is a call that does nothing.
func (n *node) ask(op Op) syscall.Errno {
	errno := n.disk.enter(op, n.name())
	if errno == 0 {
		n.disk.leave()
	}
	return errno
}

func (n *node) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	if errno := n.disk.enter(Readdir, n.name()); errno != 0 {
		return nil, errno
	}
	defer n.disk.leave()
	var entries []fuse.DirEntry
	for name, child := range n.inode.names {
		entries = append(entries, fuse.DirEntry{Name: name, Mode: child.mode, Ino: child.number})
	}
	return fs.NewListDirStream(entries), 0
}

func (n *node) Allocate(_ context.Context, _ fs.FileHandle, off, size uint64, mode uint32) syscall.Errno {
	if errno := n.disk.enter(Allocate, n.name()); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	n.inode.allocate(int64(off), int64(size), mode)
	return 0
}

func (n *node) Read(_ context.Context, _ fs.FileHandle, p []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	if errno := n.disk.enter(Read, n.name()); errno != 0 {
		return nil, errno
	}
	defer n.disk.leave()
	return fuse.ReadResultData(p[:n.inode.readAt(p, off)]), 0
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, p []byte, off int64) (uint32, syscall.Errno) {
	if errno := n.disk.enter(Write, n.name()); errno != 0 {
		return 0, errno
	}
	defer n.disk.leave()
	n.inode.writeAt(p, off)
	return uint32(len(p)), 0
}

func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	op := Fsync
	if n.IsDir() {
		op = Fsyncdir
	}
	if errno := n.disk.enter(op, n.name()); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	n.inode.sync()
	if _, parent := n.Parent(); parent != nil {
		parent.Operations().(*node).inode.syncName(n.inode)
	}
	n.disk.syncs++
	return 0
}

// make makes an inode with a name; without one when that is empty.
func (n *node) make(ctx context.Context, op Op, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if errno := n.disk.enter(op, name); errno != 0 {
		return nil, errno
	}
	defer n.disk.leave()
	made := newInode(n.disk.number(), mode)
	if name != "" {
		n.inode.change(map[string]*inode{name: made})
	}
	child := n.child(ctx, made)
	child.Operations().(*node).attr(&out.Attr)
	return child, 0
}

func (n *node) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32,
	syscall.Errno) {
	child, errno := n.make(ctx, Create, name, syscall.S_IFREG|mode&0o7777, out)
	return child, nil, fuse.FOPEN_KEEP_CACHE, errno
}

func (n *node) Tmpfile(ctx context.Context, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32,
	syscall.Errno) {
	child, errno := n.make(ctx, Create, "", syscall.S_IFREG|mode&0o7777, out)
	return child, nil, fuse.FOPEN_KEEP_CACHE, errno
}

func (n *node) Mknod(ctx context.Context, name string, mode, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, Create, name, mode, out)
}

func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, Mkdir, name, syscall.S_IFDIR|mode&0o7777, out)
}

func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	if errno := n.disk.enter(Unlink, name); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	n.inode.change(map[string]*inode{name: nil})
	return 0
}

func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno { return n.Unlink(ctx, name) }

// Rename puts the new name of another directory on disk at once, so that a power cut leaves the file with one of its names.
func (n *node) Rename(_ context.Context, from string, parent fs.InodeEmbedder, to string, _ uint32) syscall.Errno {
	if errno := n.disk.enter(Rename, from); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	renamed, other := n.inode.names[from], parent.(*node).inode
	if other == n.inode {
		n.inode.change(map[string]*inode{from: nil, to: renamed})
		return 0
	}
	other.change(map[string]*inode{to: renamed})
	other.syncName(renamed)
	n.inode.change(map[string]*inode{from: nil})
	return 0
}

func (n *node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	if errno := n.ask(Statfs); errno != 0 {
		return errno
	}
	const size = 16 << 30 / pageSize
	out.Bsize, out.Frsize, out.Blocks, out.Bfree, out.Bavail, out.NameLen = pageSize, pageSize, size, size, size, 255
	return 0
}
