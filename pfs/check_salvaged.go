package pfs

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

// errMayBeOlder is of a record for which a newer one may be lost, or that it was deleted.
var errMayBeOlder = errors.New("it may be older than it was, or have been deleted: what was newer may be among the rows that are lost")

// checkSalvaged reports what a salvage has lost, until somebody says that he has seen it, and the names whose records may be older
// than they were.
func (c *checker) checkSalvaged(ctx context.Context) error {
	held, err := c.store.salvaged(ctx)
	if err != nil || held == nil {
		return err
	}
	for _, l := range held.Lost {
		c.problemf("", "salvaged: %s", lossText(l))
	}
	for _, kind := range []struct {
		prefix []byte
		check  func(kv.Row) error
	}{
		{schema.RepoPrefix(), c.olderRepo},
		{schema.AllBranches(), c.olderBranch},
		{schema.AllTags(), c.olderTag},
		{schema.OpenPrefix(), c.olderID("open commit")},
		{schema.UploadPrefix(), c.olderID("upload")},
	} {
		err := c.each(kind.prefix, func(row kv.Row) error {
			if !mayBeLost(held.Lost, row.Key) {
				return nil
			}
			return kind.check(row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mayBeLost reports whether a newer version of the row with a key may be among those that are lost.
func mayBeLost(lost []schema.LostRows, key []byte) bool {
	for _, l := range lost {
		if bytes.Compare(l.First, key) <= 0 && (len(l.Last) == 0 || bytes.Compare(key, l.Last) <= 0) {
			return true
		}
	}
	return false
}

func (c *checker) olderRepo(row kv.Row) error {
	c.problem(string(row.Key[1:]), "", fmt.Errorf("repo: %w", errMayBeOlder))
	return nil
}

func (c *checker) olderBranch(row kv.Row) error {
	c.problem(c.nameOf(row.Key), "", fmt.Errorf("branch: %w", errMayBeOlder))
	return nil
}

func (c *checker) olderTag(row kv.Row) error {
	c.problem(c.nameOf(row.Key), "", fmt.Errorf("tag: %w", errMayBeOlder))
	return nil
}

func (c *checker) olderID(what string) func(kv.Row) error {
	return func(row kv.Row) error {
		c.problem(hex.EncodeToString(row.Key[1:]), "", fmt.Errorf("%s: %w", what, errMayBeOlder))
		return nil
	}
}

// nameOf returns the address of the branch or tag of which a key is.
func (c *checker) nameOf(key []byte) string {
	name, id, ok := splitName(key)
	if !ok {
		return hex.EncodeToString(key)
	}
	if repo, ok := c.repos[id]; ok {
		return BranchRef(repo, name).String()
	}
	return name + "." + id.String()
}

// splitName returns the name, and the id of the repo, of the key of a branch or tag.
func splitName(key []byte) (name string, repo schema.ID, ok bool) {
	if len(key) <= 1+len(repo) {
		return "", repo, false
	}
	copy(repo[:], key[1:])
	return string(key[1+len(repo):]), repo, true
}

// checkOrphans reports the branches and tags of repos that have no record.
func (c *checker) checkOrphans(context.Context) error {
	for what, prefix := range map[string][]byte{"branch": schema.AllBranches(), "tag": schema.AllTags()} {
		err := c.each(prefix, func(row kv.Row) error {
			if _, id, ok := splitName(row.Key); !ok || c.repos[id] == "" {
				c.problemf(c.nameOf(row.Key), "%s of a repo whose record is missing: pfsd lost restore gives it a name again", what)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lossText returns a loss in one line.
func lossText(l schema.LostRows) string {
	between := "any rows"
	switch first, last := keyText(l.First), keyText(l.Last); {
	case len(l.First) > 0 && len(l.Last) > 0 && first == last:
		between = "rows of " + first
	case len(l.First) > 0 && len(l.Last) > 0:
		between = "rows from " + first + " to " + last
	case len(l.First) > 0:
		between = "rows from " + first + " on"
	case len(l.Last) > 0:
		between = "rows up to " + last
	}
	return fmt.Sprintf("%s: %s; lost are %s", l.File, l.Why, between)
}

// kindNames are the kinds of rows, by the first byte of their keys.
var kindNames = map[byte]string{
	'a': "alias", 'b': "branch", 'c': "commit", 'h': "move of a branch", 'k': "chunk", 'l': "line", 'm': "the store's own records", 'n': "directory node",
	'o': "open commit", 'p': "path index", 'q': "place", 'r': "repo", 's': "path index of directories", 't': "tag", 'u': "upload",
	'v': "part of an upload", 'w': "chunk list", 'x': "deletion", 'y': "list of uploads",
}

// keyText says what a row with the given key is of.
func keyText(key []byte) string {
	if len(key) == 0 {
		return ""
	}
	kind, known := kindNames[key[0]]
	switch rest := key[1:]; {
	case !known:
		return fmt.Sprintf("%q", key)
	case key[0] == 'r':
		return kind + " " + string(rest)
	case strings.IndexByte("acknouw", key[0]) >= 0 && len(rest) >= 4:
		return fmt.Sprintf("%s %x", kind, rest[:4])
	case key[0] == 'b' || key[0] == 't':
		if name, _, ok := splitName(key); ok {
			return fmt.Sprintf("%s %q", kind, strings.TrimRight(name, "\x00"))
		}
	}
	return kind
}
