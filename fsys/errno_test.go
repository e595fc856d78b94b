package fsys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

func TestErrnos(t *testing.T) {
	for _, kind := range pfs.Kinds() {
		errno, ok := errnos[kind]
		if !ok {
			t.Errorf("kind %q has no errno", kind)
		}
		if errno == syscall.ENOSYS || errno == syscall.ESTALE || errno == 0 {
			t.Errorf("kind %q has errno %v", kind, errno)
		}
	}
	if len(errnos) != len(pfs.Kinds()) {
		t.Errorf("%d rows for %d kinds", len(errnos), len(pfs.Kinds()))
	}
}

func TestStatus(t *testing.T) {
	full := &os.PathError{Op: "write", Path: "scratch", Err: syscall.ENOSPC}
	for _, test := range []struct {
		name string
		err  error
		want fuse.Status
	}{
		{"nil", nil, fuse.OK},
		{"of the store", &pfs.Error{Kind: pfs.KindNotEmpty}, fuse.Status(syscall.ENOTEMPTY)},
		{"of the store, wrapped", fmt.Errorf("x: %w", &pfs.Error{Kind: pfs.KindReadOnly}), fuse.EROFS},
		{"of the store, with an errno inside", &pfs.Error{Kind: pfs.KindInternal, Err: full}, fuse.EIO},
		{"an errno", full, fuse.Status(syscall.ENOSPC)},
		{"of a context", context.Canceled, fuse.EINTR},
		{"anything else", errors.New("?"), fuse.EIO},
	} {
		if got := status(test.err); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
