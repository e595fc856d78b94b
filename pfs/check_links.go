package pfs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

var (
	errLinkAttributes = errors.New("a link has attributes, which are the file's")
	errLinkCount      = errors.New("an entry that is not in a link tree has a number of names")
	errLinkFile       = errors.New("an entry of the link tree is none")
)

// linkSum stands for a number of names of each of any files: it is the sum, for each name, of the file's id, which is random.
type linkSum struct{ hi, lo uint64 }

func (s linkSum) plus(id schema.ID, n uint64) linkSum {
	return linkSum{s.hi + n*binary.BigEndian.Uint64(id[:8]), s.lo + n*binary.BigEndian.Uint64(id[8:])}
}

// linkSums are those that a run of Check knows.
type linkSums struct {
	// of are those of the directories that have been seen, by their hashes.
	of map[schema.Hash]linkSum
	// last is the link tree seen last, and said the sum of the names that its files say they have. The next one is mostly the
	// same.
	last *tree.Dir
	said linkSum
}

// checkName checks what an entry of a tree of directories says about names.
func (c *checker) checkName(ref, path string, e *schema.Entry) {
	if e.NLink != 0 {
		c.problem(ref, path, errLinkCount)
	}
	if e.Kind != EntryLink {
		return
	}
	bare := linkEntry(e.Name, e.Link, e.Changed)
	if !bare.Equal(e) {
		c.problem(ref, path, errLinkAttributes)
	}
}

// checkLinks checks the link tree of a version, and that each of its files has as many names as it says. What cannot be read
// of the directories was reported already.
func (c *checker) checkLinks(ctx context.Context, ref string, root *Entry, links schema.Hash) error {
	linked, err := c.store.trees.LoadTop(ctx, links)
	if err != nil {
		c.problemf(ref, "its link tree: %w", err)
		return ctx.Err()
	}
	var failed error
	visit := func(path string, e *schema.Entry) {
		if _, err := schema.ParseID(path); err != nil || e.NLink == 0 || e.IsDir() || e.Kind == EntryLink {
			c.problem(ref, "", fmt.Errorf("%w: %q", errLinkFile, path))
		}
		if e.Kind == EntryFile && failed == nil {
			failed = c.checkContent(ctx, ref, path, e.Content)
		}
	}
	err = c.trees.Check(ctx, links, linked.Totals(), visit, func(err error) { c.hurtTree(ref, fmt.Errorf("link tree: %w", err)) })
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	return c.compareNames(ctx, ref, c.store.trees.Load(root.Root, root.Totals), linked)
}

// compareNames checks the numbers of names in a link tree.
func (c *checker) compareNames(ctx context.Context, ref string, dir, linked *tree.Dir) error {
	there, err := c.links.below(ctx, dir)
	if err == nil {
		err = c.links.see(ctx, c.store.trees.Empty(), linked)
	}
	switch {
	case err != nil:
		return ctx.Err()
	case there != c.links.said:
		return c.nameWrong(ctx, ref, dir, linked)
	}
	return nil
}

// see sums up a link tree.
func (s *linkSums) see(ctx context.Context, empty, linked *tree.Dir) error {
	if s.last == nil {
		s.last = empty
	}
	before := s.last
	s.last = linked
	for delta, err := range tree.Diff(ctx, before, linked) {
		if err != nil {
			s.last, s.said = empty, linkSum{}
			return err
		}
		id, err := schema.ParseID(delta.Key)
		if err != nil {
			continue // reported already
		}
		if delta.Old != nil {
			s.said = s.said.plus(id, -uint64(delta.Old.NLink))
		}
		if delta.New != nil {
			s.said = s.said.plus(id, uint64(delta.New.NLink))
		}
	}
	return nil
}

// below returns the sum of the names below a directory.
func (s *linkSums) below(ctx context.Context, dir *tree.Dir) (sum linkSum, err error) {
	if dir.Totals().Links == 0 {
		return sum, nil
	}
	if s.of == nil {
		s.of = map[schema.Hash]linkSum{}
	}
	root, _ := dir.Root()
	if sum, ok := s.of[root]; ok {
		return sum, nil
	}
	for entry, err := range dir.Linked(ctx) {
		if err != nil {
			return sum, err
		}
		if !entry.IsDir() {
			sum = sum.plus(entry.Link, 1)
			continue
		}
		below, err := s.below(ctx, entry.Sub)
		if err != nil {
			return sum, err
		}
		sum.hi, sum.lo = sum.hi+below.hi, sum.lo+below.lo
	}
	s.of[root] = sum
	return sum, nil
}

// nameWrong reports the files whose number of names is not what the link tree says.
func (c *checker) nameWrong(ctx context.Context, ref string, dir, linked *tree.Dir) error {
	counts := map[schema.ID]int{}
	if err := countLinks(ctx, tree.Entry{Entry: Entry{Kind: EntryDir}, Sub: dir}, 1, counts); err != nil {
		return ctx.Err()
	}
	for file, err := range linked.All(ctx, "") {
		if err != nil {
			return ctx.Err()
		}
		id, err := schema.ParseID(file.Name)
		if err == nil && counts[id] != int(file.NLink) {
			c.problemf(ref, "the link tree says that file %s has %d names, and it has %d", id, file.NLink, counts[id])
		}
		delete(counts, id)
	}
	for id, n := range counts {
		c.problemf(ref, "file %s, which has %d names, is missing from the link tree", id, n)
	}
	return nil
}
