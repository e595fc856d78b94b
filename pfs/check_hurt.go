package pfs

import (
	"cmp"
	"context"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// What is damaged is looked at once, however many commits share it. hurts says what all of them are.

// hurtContent notes that the content that is looked at is damaged.
func (c *checker) hurtContent(err error) {
	if c.looked == nil {
		c.problem(c.ref, c.path, err)
		return
	}
	c.hurt[*c.looked] = err
}

// hurtTree notes that a tree is damaged.
func (c *checker) hurtTree(ref string, err error) {
	c.hurtTrees = true
	c.problem(ref, "", err)
}

// nameHurt reports every path of every version that is hurt by what was found.
func (c *checker) nameHurt(ctx context.Context) error {
	if len(c.hurt) == 0 && !c.hurtTrees {
		return nil
	}
	f := tree.NewFinder(c.store.trees, func(e *schema.Entry) error {
		if e.Kind != EntryFile {
			return nil
		}
		return c.hurt[e.Content]
	})
	err := c.eachVersion(func(ref string, root *Entry, links schema.Hash) error {
		for _, h := range []schema.Hash{root.Root, links} {
			found, err := f.Find(ctx, h)
			if err != nil {
				return err
			}
			for _, x := range found {
				c.problem(ref, x.Path, x.Err)
			}
		}
		return nil
	})
	slices.SortFunc(c.report.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Path, b.Path))
	})
	c.report.Problems = slices.CompactFunc(c.report.Problems, func(a, b Problem) bool {
		return a.Ref == b.Ref && a.Path == b.Path && a.Err.Error() == b.Err.Error()
	})
	return err
}

// eachVersion calls fn for every commit, and for what is pending on branches and in open commits.
func (c *checker) eachVersion(fn func(ref string, root *Entry, links schema.Hash) error) error {
	err := c.each(schema.CommitPrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeCommit(row.Value)
		if err != nil {
			return nil // reported already
		}
		return fn(c.commitRef(schema.ID(row.Key[1:]), rec.Repo), &rec.Root, rec.Links)
	})
	if err != nil {
		return err
	}
	for id, repo := range c.repos {
		prefix := schema.BranchPrefix(id)
		err := c.each(prefix, func(row kv.Row) error {
			rec, err := schema.DecodeBranch(row.Value)
			if err != nil || rec.Pending == nil {
				return nil
			}
			return fn(BranchRef(repo, string(row.Key[len(prefix):])).String(), &rec.Pending.Root, rec.Pending.Links)
		})
		if err != nil {
			return err
		}
	}
	return c.each(schema.OpenPrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeOpenCommit(row.Value)
		if err != nil || rec.State.Pending == nil {
			return nil
		}
		p := rec.State.Pending
		return fn(c.commitRef(schema.ID(row.Key[1:]), rec.Repo), &p.Root, p.Links)
	})
}

// commitRef returns the address of a commit, or its id when its repo has been deleted.
func (c *checker) commitRef(id, repo schema.ID) string {
	if name, ok := c.repos[repo]; ok {
		return Ref{Repo: name, Commit: id}.String()
	}
	return id.String()
}
