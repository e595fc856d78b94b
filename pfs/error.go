package pfs

import (
	"context"
	"errors"
	"strings"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// Kind classifies an error. The set is closed: Kinds lists it.
type Kind uint8

// The kinds of error.
const (
	// KindInternal is a failure of the store itself: an I/O error, or a bug.
	KindInternal Kind = 1 + iota
	// KindInvalid is an argument that can never be right: a malformed name, path or ref.
	KindInvalid
	// KindNameTooLong is a path or component over its limit.
	KindNameTooLong
	// KindTooLarge is content over the limit of a file.
	KindTooLarge
	// KindRepoNotFound is a repo that does not exist.
	KindRepoNotFound
	// KindBranchNotFound is a branch or tag that its repo does not have.
	KindBranchNotFound
	// KindCommitNotFound is a commit that does not exist, or not in the history it was looked for in.
	KindCommitNotFound
	// KindFileNotFound is a path that the version does not have.
	KindFileNotFound
	// KindUploadNotFound is an upload that never was, or has ended.
	KindUploadNotFound
	// KindExists is a name that is taken.
	KindExists
	// KindNotEmpty is a directory or repo that must be empty and is not.
	KindNotEmpty
	// KindIsDir is a write of a file where a directory is.
	KindIsDir
	// KindNotDir is a write below something that is no directory.
	KindNotDir
	// KindReadOnly is a write to a version that cannot change.
	KindReadOnly
	// KindPermission is a thing that this caller may not do.
	KindPermission
	// KindConflict is a change that another one contradicts.
	KindConflict
	// KindCorrupt is stored data that is not what was written.
	KindCorrupt
	// KindNoSpace is a full disk: the write was not made; reads and deletes go on.
	KindNoSpace
	// KindExhausted is a machine that is short of something other than disk space, as of descriptors or memory: what was asked was
	// not done; it succeeds when it is tried again later.
	KindExhausted
	// KindUnsupported is a thing that this store does not do.
	KindUnsupported
	// KindClosed is a store that has been closed.
	KindClosed
	// KindTimeout is a wait that took too long.
	KindTimeout
	// KindCanceled is a context that was cancelled by the caller.
	KindCanceled
	kindEnd
)

// Kinds returns every Kind, so that tables over them can be checked for being whole.
func Kinds() []Kind {
	kinds := make([]Kind, 0, kindEnd-1)
	for k := KindInternal; k < kindEnd; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// String returns the kind in words, as the end of an error message.
func (k Kind) String() string {
	names := [...]string{
		"no error", "internal error", "invalid argument", "name too long", "too large", "no such repo", "no such branch or tag",
		"no such commit", "no such file", "no such upload", "already exists", "not empty", "is a directory",
		"not a directory", "read-only", "not permitted", "conflict", "corrupt data", "no space left", "resources used up for now", "not supported",
		"store is closed", "timed out", "canceled",
	}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown error"
}

// Error is what every operation of this package fails with.
type Error struct {
	// Op is the operation, as "pfs.Update".
	Op string
	// Kind is the class of the error.
	Kind Kind
	// Ref and Path are what it is about; either may be empty.
	Ref, Path string
	// Err is the cause, if there is one beyond the kind.
	Err error
}

// Error returns "ref:/path: kind: cause", for people.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Ref != "" {
		b.WriteString(e.Ref)
	}
	if e.Path != "" {
		b.WriteString(":/" + e.Path)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Kind.String())
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err: that of the first *Error in its chain, KindCanceled or KindTimeout for the errors of a
// context, KindInternal for all else, and 0 for nil.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.Kind
	default:
		return classify(err)
	}
}

// classify gives the errors of the layers below, and of contexts, their kind.
func classify(err error) Kind {
	switch {
	case errors.Is(err, context.Canceled):
		return KindCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	case errors.Is(err, kv.ErrNoSpace), errors.Is(err, pack.ErrNoSpace):
		return KindNoSpace
	case errors.Is(err, kv.ErrExhausted), errors.Is(err, pack.ErrExhausted):
		return KindExhausted
	case errors.Is(err, kv.ErrClosed):
		return KindClosed
	case errors.Is(err, schema.ErrInvalid):
		return KindInvalid
	case errors.Is(err, pack.ErrCorrupt), errors.Is(err, cas.ErrCorrupt), errors.Is(err, tree.ErrCorrupt),
		errors.Is(err, kv.ErrCorrupt):
		return KindCorrupt
	default:
		return KindInternal
	}
}

// wrap makes err an *Error of operation op about ref and path, unless it is one already or nil.
func wrap(op string, err error, ref, path string) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Op: op, Kind: classify(err), Ref: ref, Path: path, Err: err}
}
