package fsys

import (
	"errors"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// errnos gives every kind of error of the store the errno that a local file system would have used. ENOSYS and ESTALE must
// not be in it: the kernel stops sending a request that was answered with the first, and walks the path once more on the
// second.
var errnos = map[pfs.Kind]syscall.Errno{
	pfs.KindInternal:       syscall.EIO,
	pfs.KindInvalid:        syscall.EINVAL,
	pfs.KindNameTooLong:    syscall.ENAMETOOLONG,
	pfs.KindTooLarge:       syscall.EFBIG,
	pfs.KindRepoNotFound:   syscall.ENOENT,
	pfs.KindBranchNotFound: syscall.ENOENT,
	pfs.KindCommitNotFound: syscall.ENOENT,
	pfs.KindFileNotFound:   syscall.ENOENT,
	pfs.KindUploadNotFound: syscall.EIO,
	pfs.KindExists:         syscall.EEXIST,
	pfs.KindNotEmpty:       syscall.ENOTEMPTY,
	pfs.KindIsDir:          syscall.EISDIR,
	pfs.KindNotDir:         syscall.ENOTDIR,
	pfs.KindReadOnly:       syscall.EROFS,
	pfs.KindPermission:     syscall.EACCES,
	pfs.KindConflict:       syscall.EBUSY,
	pfs.KindCorrupt:        syscall.EIO,
	pfs.KindNoSpace:        syscall.ENOSPC,
	pfs.KindExhausted:      syscall.EAGAIN,
	pfs.KindUnsupported:    syscall.EOPNOTSUPP,
	pfs.KindClosed:         syscall.ENOTCONN,
	pfs.KindTimeout:        syscall.ETIMEDOUT,
	pfs.KindCanceled:       syscall.EINTR,
}

// status returns what the kernel is told of err: the errno of its kind, or its own when it is one, as the errors of the
// scratch files are.
func status(err error) fuse.Status {
	var stored *pfs.Error
	var errno syscall.Errno
	switch {
	case err == nil:
		return fuse.OK
	case errors.As(err, &stored):
	case errors.As(err, &errno):
		return fuse.Status(errno)
	}
	if errno, ok := errnos[pfs.KindOf(err)]; ok {
		return fuse.Status(errno)
	}
	return fuse.EIO
}

// isAbsent reports whether err says that a path, or the branch with all its paths, is not there.
func isAbsent(err error) bool {
	switch pfs.KindOf(err) {
	case pfs.KindFileNotFound, pfs.KindBranchNotFound, pfs.KindRepoNotFound:
		return true
	}
	return false
}
