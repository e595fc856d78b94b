package memdisk

import "syscall"

// Op is a kind of call of a file system, as the kernel asks for it.
type Op string

// The kinds of calls. A page of a mapped file that is touched is read by Read, and written by Write some time after it was changed.
const (
	Lookup   Op = "lookup"
	Getattr  Op = "getattr"
	Setattr  Op = "setattr"
	Open     Op = "open"
	Create   Op = "create"
	Read     Op = "read"
	Write    Op = "write"
	Fsync    Op = "fsync"
	Flush    Op = "flush"
	Allocate Op = "allocate"
	Mkdir    Op = "mkdir"
	Unlink   Op = "unlink"
	Rename   Op = "rename"
	Opendir  Op = "opendir"
	Readdir  Op = "readdir"
	Fsyncdir Op = "fsyncdir"
	Statfs   Op = "statfs"
)

// Call is a call that comes to a disk. Name is that of the file in its directory: the one looked up, made, removed or renamed, or else
// the one that the call is for; "" for the root, and for files without a name.
type Call struct {
	Op   Op
	Name string
}

// Watch has fn asked before each call from now on, one at a time: when it returns an errno, the call does nothing but fail with it. fn
// may be nil. It must not use the disk.
func (d *Disk) Watch(fn func(Call) syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watch = fn
}
