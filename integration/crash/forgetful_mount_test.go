package crash_test

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/integration/harness"
)

// mountForgetful shows a disk on a directory until the function returned is called, or the test ends. Nothing of this process
// may look into it meanwhile.
func mountForgetful(t *testing.T, d *forgetful, dir string) (unmount func()) {
	t.Helper()
	timeout := time.Hour
	server, err := fs.Mount(dir, d.node(d.root), &fs.Options{
		AttrTimeout: &timeout, EntryTimeout: &timeout,
		MountOptions: fuse.MountOptions{Name: "forgetful", FsName: "forgetful", DirectMount: true},
	})
	if err != nil {
		t.Skipf("this system cannot mount: %v", err)
	}
	unmount = sync.OnceFunc(func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
			harness.LazyUnmount(t, dir)
		}
		server.Wait()
	})
	t.Cleanup(unmount)
	return unmount
}

// node is an inode as the library sees it.
type node struct {
	fs.Inode
	disk  *forgetful
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
)

func (d *forgetful) node(n *inode) *node { return &node{disk: d, inode: n} }

// enter begins an operation, which ends with leave; EIO after the power cut.
func (d *forgetful) enter() syscall.Errno {
	d.mu.Lock()
	if d.gone {
		d.mu.Unlock()
		return syscall.EIO
	}
	return 0
}

func (d *forgetful) leave() { d.mu.Unlock() }

// OnAdd gives the library what is in the directory.
func (n *node) OnAdd(ctx context.Context) {
	for name, child := range n.inode.names {
		n.AddChild(name, n.child(ctx, child), false)
	}
}

func (n *node) child(ctx context.Context, child *inode) *fs.Inode {
	return n.NewPersistentInode(ctx, n.disk.node(child), fs.StableAttr{Mode: child.mode & syscall.S_IFMT, Ino: child.number})
}

func (n *node) attr(out *fuse.Attr) {
	// The kernel finds a socket by the number of its inode, which must therefore be the same in all answers.
	out.Ino, out.Mode, out.Size, out.Nlink = n.inode.number, n.inode.mode, uint64(n.inode.size), 1
	out.Blocks = uint64(len(n.inode.pages)) * pageSize / 512
}

// Getattr implements fs.NodeGetattrer, as the other methods do what they are named after.
func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	if errno := n.disk.enter(); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	n.attr(&out.Attr)
	return 0
}

func (n *node) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if errno := n.disk.enter(); errno != 0 {
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

func (n *node) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

func (n *node) Read(_ context.Context, _ fs.FileHandle, p []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	if errno := n.disk.enter(); errno != 0 {
		return nil, errno
	}
	defer n.disk.leave()
	return fuse.ReadResultData(p[:n.inode.readAt(p, off)]), 0
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, p []byte, off int64) (uint32, syscall.Errno) {
	if errno := n.disk.enter(); errno != 0 {
		return 0, errno
	}
	defer n.disk.leave()
	n.inode.writeAt(p, off)
	return uint32(len(p)), 0
}

func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	if errno := n.disk.enter(); errno != 0 {
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
func (n *node) make(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if errno := n.disk.enter(); errno != 0 {
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
	child, errno := n.make(ctx, name, syscall.S_IFREG|mode&0o7777, out)
	return child, nil, fuse.FOPEN_KEEP_CACHE, errno
}

func (n *node) Tmpfile(ctx context.Context, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32,
	syscall.Errno) {
	child, errno := n.make(ctx, "", syscall.S_IFREG|mode&0o7777, out)
	return child, nil, fuse.FOPEN_KEEP_CACHE, errno
}

func (n *node) Mknod(ctx context.Context, name string, mode, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, name, mode, out)
}

func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, name, syscall.S_IFDIR|mode&0o7777, out)
}

func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	if errno := n.disk.enter(); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	n.inode.change(map[string]*inode{name: nil})
	return 0
}

func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno { return n.Unlink(ctx, name) }

// Rename renames within a directory.
func (n *node) Rename(_ context.Context, from string, parent fs.InodeEmbedder, to string, _ uint32) syscall.Errno {
	if errno := n.disk.enter(); errno != 0 {
		return errno
	}
	defer n.disk.leave()
	if parent.(*node) != n {
		return syscall.EXDEV
	}
	n.inode.change(map[string]*inode{from: nil, to: n.inode.names[from]})
	return 0
}

func (n *node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	const size = 16 << 30 / pageSize
	out.Bsize, out.Frsize, out.Blocks, out.Bfree, out.Bavail, out.NameLen = pageSize, pageSize, size, size, size, 255
	return 0
}
