package door

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

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
	// TLSCert and TLSKey are a certificate and its private key, in PEM; empty for an endpoint without TLS.
	TLSCert []byte `json:"tls_cert,omitempty"`
	TLSKey  []byte `json:"tls_key,omitempty"`
	// UploadExpiry is after how much time, in nanoseconds, uploads that nobody goes on with are ended; 0 for never.
	UploadExpiry time.Duration `json:"upload_expiry,omitempty"`
	// DiskEncrypted is set when the disk of the store is encrypted, by word of who serves it.
	DiskEncrypted bool `json:"disk_encrypted,omitempty"`
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
	// Address is the version mounted there; "*" for every branch, each in a directory of its repo's.
	Address string `json:"address"`
	// Author goes into the commits; empty for the users who make the changes.
	Author string `json:"author,omitempty"`
	// Namespace names the mount namespace in which Dir is; empty when that is not known.
	Namespace string `json:"namespace,omitempty"`
	// UID and GID own the directories that are no part of a version.
	UID uint32 `json:"uid"`
	GID uint32 `json:"gid"`
	// ShowUID, ShowGID and ShowUmask are shown in place of what is stored; nil for not.
	ShowUID   *uint32 `json:"show_uid,omitempty"`
	ShowGID   *uint32 `json:"show_gid,omitempty"`
	ShowUmask *uint32 `json:"show_umask,omitempty"`
	// NoAtime keeps times of access from being updated, Sync makes every change durable at once.
	NoAtime bool `json:"noatime,omitempty"`
	// CommitAfter is how long changes may wait to be in a commit, in nanoseconds; 0 for the shortest time.
	CommitAfter time.Duration `json:"commit_after,omitempty"`
	Sync        bool          `json:"sync,omitempty"`
}

// AllBranches is the Address of a mount of every branch.
const AllBranches = "*"

// info returns the door as status shows it.
func (s Spec) info(pid int) control.Door {
	if s.Mount != nil {
		return control.Door{Kind: control.DoorMount, PID: pid, Dir: s.Mount.Dir, Address: s.Mount.Address}
	}
	return control.Door{Kind: control.DoorS3, PID: pid, Addr: s.S3.Addr, TLS: len(s.S3.TLSCert) > 0}
}

// Kernel is what the owner of a kernel object can do to it.
type Kernel interface {
	// Detach unmounts a mount as umount(8) does: it fails while something in it is in use. On an endpoint it does nothing
	// and returns false.
	Detach(ctx context.Context) (bool, error)
	// Abandon takes away a mount that is still there, whoever uses it; nobody finds it any more.
	Abandon() error
	// Renew makes the object anew, when its host has gone or is about to, and returns its new descriptor, which takes the
	// place of the one before. A listener just stays, with those who wait to be let in. ErrGone when somebody has taken the
	// object away meanwhile.
	Renew(old *os.File) (*os.File, error)
	// Release gives the kernel object up after the door has ended: nobody listens on it any more.
	Release() error
}

// ErrGone is the error of an object that is no more, as a mount that has been unmounted.
var ErrGone = errors.New("the kernel object is gone")

// Object is a kernel object in the hands of the door's owner. It may be used concurrently.
type Object struct {
	kernel Kernel
	// Spec says what it is.
	Spec Spec

	// mu guards what follows, and is held by whoever does something to the object, which can take a while.
	mu sync.Mutex
	// file is the descriptor that hosts are given. It stays the owner's, which closes it by Release.
	file *os.File
	// used is set when a host has been given the file.
	used, released bool
}

// NewObject returns the object of a door.
func NewObject(spec Spec, file *os.File, kernel Kernel) *Object {
	return &Object{kernel: kernel, Spec: spec, file: file}
}

// Give calls f with the object's descriptor, for a host. It must not be kept nor closed: who needs it longer duplicates it.
func (o *Object) Give(f func(file *os.File) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.used = true
	return f(o.file)
}

// Renew makes an object that a host was given fit for the next host; one that is, stays as it is. ErrGone when it is no more.
func (o *Object) Renew() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.used {
		return nil
	}
	file, err := o.kernel.Renew(o.file)
	if err != nil {
		return err
	}
	o.file, o.used = file, false
	return nil
}

// Detach is that of the Kernel.
func (o *Object) Detach(ctx context.Context) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kernel.Detach(ctx)
}

// Abandon is that of the Kernel.
func (o *Object) Abandon() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kernel.Abandon()
}

// Release gives the kernel object up and closes its descriptor. Idempotent.
func (o *Object) Release() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.released {
		return nil
	}
	o.released = true
	return errors.Join(o.file.Close(), o.kernel.Release())
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
