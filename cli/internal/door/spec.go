package door

import (
	"context"
	"errors"
	"os"
	"sync"

	"pfsd/cli/internal/control"
)

// Spec says what a door is. It is sent as JSON.
type Spec struct {
	// Exactly one is set.
	S3    *S3    `json:"s3,omitempty"`
	Mount *Mount `json:"mount,omitempty"`
}

// S3 describes an S3 endpoint.
type S3 struct {
	// Addr is where it listens, as it is shown.
	Addr string `json:"addr"`
	// AccessKey and SecretKey are what requests must be signed with; empty for an endpoint without keys.
	AccessKey string `json:"access_key,omitempty"`
	SecretKey string `json:"secret_key,omitempty"`
	// Domain is a host name besides the loopback ones under which it is reached, with buckets as sub-domains.
	Domain string `json:"domain,omitempty"`
	// DashETags appends "-1" to the ETags of objects.
	DashETags bool `json:"dash_etags,omitempty"`
	// ObjectTimes has LastModified tell when the object changed, rather than its branch.
	ObjectTimes bool `json:"object_times,omitempty"`
	// UID and GID own the roots of the branches that are made through it.
	UID uint32 `json:"uid"`
	GID uint32 `json:"gid"`
}

// Mount describes a mount.
type Mount struct {
	// Dir is the mount point, in canonical form.
	Dir string `json:"dir"`
	// Address is the version mounted there.
	Address string `json:"address"`
	// Author goes into the commits.
	Author string `json:"author,omitempty"`
	// Namespace names the mount namespace in which Dir is; empty when that is not known.
	Namespace string `json:"namespace,omitempty"`
}

// info returns the door as status shows it.
func (s Spec) info(pid int) control.Door {
	if s.Mount != nil {
		return control.Door{Kind: control.DoorMount, PID: pid, Dir: s.Mount.Dir, Address: s.Mount.Address}
	}
	return control.Door{Kind: control.DoorS3, PID: pid, Addr: s.S3.Addr}
}

// Kernel is what the owner of a kernel object can do to it.
type Kernel interface {
	// Detach unmounts a mount as umount(8) does: it fails while something in it is in use. On an endpoint it does nothing
	// and returns false.
	Detach(ctx context.Context) (bool, error)
	// Abandon takes away a mount that is still there, whoever uses it; nobody finds it any more.
	Abandon() error
	// Release gives the kernel object up after the door has ended: nobody listens on it any more.
	Release() error
}

// Object is a kernel object in the hands of the door's owner.
type Object struct {
	Kernel
	Spec Spec
	// File is the descriptor that is passed to the host. It stays the owner's, which closes it by Release.
	File *os.File
	once sync.Once
}

// NewObject returns the object of a door.
func NewObject(spec Spec, file *os.File, kernel Kernel) *Object {
	return &Object{Kernel: kernel, Spec: spec, File: file}
}

// Release gives the kernel object up and closes File. Idempotent.
func (o *Object) Release() (err error) {
	o.once.Do(func() { err = errors.Join(o.File.Close(), o.Kernel.Release()) })
	return err
}

// Running is an open door, as its owner sees it.
type Running interface {
	// Done is closed when the door has ended, by whatever cause, and all that came in through it is committed.
	Done() <-chan struct{}
	// Err, after Done, is why; nil when it was ended in order.
	Err() error
	// End has the host end the door and returns once it has, or when ctx is done.
	End(ctx context.Context) error
}
