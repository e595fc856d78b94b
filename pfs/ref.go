package pfs

import (
	"errors"
	"strconv"
	"strings"
)

// DefaultBranch is the branch that a bare repo name stands for.
const DefaultBranch = "master"

// Ref is a parsed address of a version: a branch as it is now, a tag, a commit, or an ancestor of one of them. Refs are
// comparable. The zero Ref names nothing.
type Ref struct {
	// Repo is the repo's name.
	Repo string
	// Name is the branch or tag; empty when only a commit of the repo was named.
	Name string
	// Commit is set when a commit was named by its id. With Name set too, it must be in that branch's history.
	Commit CommitID
	// Committed is set when the ref names a commit by its ancestry: Up first-parent steps above the head of the branch, the
	// tag or the commit. A branch without it is meant as it is now, with changes that are not in a commit yet.
	Committed bool
	// Up is the number of first-parent steps.
	Up int
}

// BranchRef returns the Ref of a branch.
func BranchRef(repo, branch string) Ref { return Ref{Repo: repo, Name: branch} }

// ParseRef parses an address without a path: REPO (its branch master), BRANCH.REPO, TAG.REPO, COMMIT.REPO or
// COMMIT.BRANCH.REPO, the first component followed by any number of ^, ^n, ~ and ~n, which add up. It also takes REPO@REF,
// where REF is what would stand before the first dot. It does not look whether anything exists. The error is of
// KindInvalid.
func ParseRef(s string) (Ref, error) {
	r, err := parseRef(s)
	if err != nil {
		return Ref{}, &Error{Op: "pfs.ParseRef", Kind: KindInvalid, Ref: s, Err: err}
	}
	return r, nil
}

// ParseAddress parses a ref with an optional path: "master~3.images:/train/1.jpg", "images:train", "images". The path is
// returned without a leading slash, and is checked as CheckPath does; one trailing slash is dropped.
func ParseAddress(s string) (Ref, string, error) {
	head, path, found := strings.Cut(s, ":")
	ref, err := ParseRef(head)
	if err != nil || !found {
		return ref, "", err
	}
	path = strings.TrimPrefix(path, "/")
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	if err := CheckPath(path); err != nil {
		return Ref{}, "", err
	}
	return ref, path, nil
}

// At returns the ref of a version within r's branch: "HEAD" with any ancestry, counted from the last commit, or a commit's
// id. The error is of KindCommitNotFound, since a version of any other form cannot exist.
func (r Ref) At(version string) (Ref, error) {
	base, up, committed, err := cutAncestry(version)
	notFound := &Error{Op: "pfs.Ref.At", Kind: KindCommitNotFound, Ref: version + "." + r.String(), Err: err}
	if err != nil {
		return Ref{}, notFound
	}
	if base == "HEAD" {
		r.Committed, r.Up = true, r.Up+up
		return r, nil
	}
	id, err := ParseCommitID(base)
	if err != nil || id.IsZero() {
		// No commit has the id of all zeros, and a Ref with it would mean the branch itself.
		return Ref{}, notFound
	}
	return Ref{Repo: r.Repo, Name: r.Name, Commit: id, Committed: committed, Up: up}, nil
}

// IsBranch reports whether r names a branch as it is now, or a tag, rather than a commit.
func (r Ref) IsBranch() bool { return r.Name != "" && r.Commit.IsZero() && !r.Committed }

// unclimbed returns r without its ancestry.
func (r Ref) unclimbed() Ref {
	r.Committed, r.Up = false, 0
	return r
}

// String returns r in its canonical form, which ParseRef takes.
func (r Ref) String() string {
	var parts []string
	if !r.Commit.IsZero() {
		parts = append(parts, r.Commit.String())
	}
	if r.Name != "" {
		parts = append(parts, r.Name)
	}
	if r.Committed && len(parts) > 0 {
		parts[0] += "~" + strconv.Itoa(r.Up)
	}
	return strings.Join(append(parts, r.Repo), ".")
}

// CheckRefName returns nil when name can be that of a repo, branch or tag: 1 to 63 of A-Z a-z 0-9 _ -, first and last a
// letter or digit, and not 32 hex digits, which would be taken for a commit.
func CheckRefName(name string) error {
	if !isRefName(name) {
		return &Error{Op: "pfs.CheckRefName", Kind: KindInvalid, Ref: name,
			Err: errors.New("a name is 1 to 63 letters, digits, '_' and '-', and begins and ends with a letter or digit")}
	}
	return nil
}

func isRefName(name string) bool {
	if len(name) == 0 || len(name) > 63 {
		return false
	}
	for i := range len(name) {
		inner := i > 0 && i < len(name)-1
		if c := name[i]; !isAlphanumeric(c) && (!inner || c != '_' && c != '-') {
			return false
		}
	}
	_, err := ParseCommitID(name)
	return err != nil
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func parseRef(s string) (Ref, error) {
	if repo, version, found := strings.Cut(s, "@"); found {
		s = version + "." + repo
	}
	first, rest, dotted := strings.Cut(s, ".")
	first, up, committed, err := cutAncestry(first)
	if err != nil {
		return Ref{}, err
	}
	parts := []string{first}
	if dotted {
		parts = append(parts, strings.Split(rest, ".")...)
	}
	ref, err := refOf(parts)
	ref.Committed, ref.Up = committed, up
	return ref, err
}

// refOf makes a Ref of one to three names without ancestry.
func refOf(parts []string) (Ref, error) {
	ref := Ref{Repo: parts[len(parts)-1]}
	id, idErr := ParseCommitID(parts[0])
	switch {
	case len(parts) == 1:
		ref.Name = DefaultBranch
	case idErr == nil && id.IsZero():
		return Ref{}, errors.New("no commit has the id of all zeros")
	case len(parts) == 2 && idErr == nil:
		ref.Commit = id
	case len(parts) == 2:
		ref.Name = parts[0]
	case len(parts) == 3 && idErr == nil:
		ref.Commit, ref.Name = id, parts[1]
	default:
		return Ref{}, errors.New("an address is REPO, BRANCH.REPO, COMMIT.REPO or COMMIT.BRANCH.REPO")
	}
	for _, name := range []string{ref.Repo, ref.Name} {
		if name == "" && !ref.Commit.IsZero() && name == ref.Name {
			continue
		}
		if !isRefName(name) {
			return Ref{}, errors.New("bad name " + strconv.Quote(name))
		}
	}
	return ref, nil
}

// maxAncestry bounds the sum of a ref's steps, so that no sum overflows.
const maxAncestry = 1 << 40

// cutAncestry splits "name^~3" into the name and the number of steps.
func cutAncestry(s string) (name string, up int, committed bool, err error) {
	i := strings.IndexAny(s, "^~")
	if i < 0 {
		return s, 0, false, nil
	}
	name, s = s[:i], s[i:]
	for s != "" {
		if s[0] != '^' && s[0] != '~' {
			return "", 0, false, errors.New("ancestry is written ^, ^n, ~ or ~n")
		}
		end := 1
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		n := 1
		if end > 1 {
			if n, err = strconv.Atoi(s[1:end]); err != nil || n > maxAncestry {
				return "", 0, false, errors.New("ancestry out of range")
			}
		}
		if up += n; up > maxAncestry {
			return "", 0, false, errors.New("ancestry out of range")
		}
		s = s[end:]
	}
	return name, up, true, nil
}
