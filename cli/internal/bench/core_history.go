package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"pfsd/pfs"
)

// pageSize is how many files a page of a listing has.
const pageSize = 1000

// change returns what makes the i-th new file, in a directory that has files already.
func (c *Core) change(i int) func(*pfs.Tx) error {
	return func(tx *pfs.Tx) error {
		return tx.PutFile(c.name(int(scatter(i)%uint64(max(c.opts.Files, 1))))+"-new", c.small.Content, nil, 0)
	}
}

// linkLoad makes a commit of one file.
func (c *Core) linkLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, i int) (int64, error) {
		_, err := c.store.Update(ctx, benched, byBench, c.change(i))
		return 0, err
	}}
}

// applyLoad makes a file as a mount does.
func (c *Core) applyLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, i int) (int64, error) {
		return 0, c.store.Apply(ctx, benched, byBench, c.change(i))
	}}
}

// drained reads at most n items of a sequence.
func drained[T any](items iter.Seq2[T, error], n int) error {
	for _, err := range items {
		if err != nil {
			return err
		}
		if n--; n == 0 {
			return nil
		}
	}
	return nil
}

// listLoad walks all files of the branch.
func (c *Core) listLoad() Load {
	return Load{Prepare: c.fill, Items: c.opts.Files, Do: func(ctx context.Context, _, _ int) (int64, error) {
		snapshot, err := c.store.Snapshot(ctx, benched)
		if err != nil {
			return 0, err
		}
		return 0, drained(snapshot.Walk(ctx, "", ""), -1)
	}}
}

// pageLoad walks the first files of some directory.
func (c *Core) pageLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, i int) (int64, error) {
		snapshot, err := c.store.Snapshot(ctx, benched)
		if err != nil {
			return 0, err
		}
		return 0, drained(snapshot.Walk(ctx, c.dir(int(scatter(i)%uint64(c.opts.Files)))+"/", ""), pageSize)
	}}
}

// logLoad reads which commits changed one file.
func (c *Core) logLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, _ int) (int64, error) {
		return 0, drained(c.store.Log(ctx, benched, c.name(0)), -1)
	}}
}

// versionsLoad lists the versions of one file.
func (c *Core) versionsLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, _ int) (int64, error) {
		snapshot, err := c.store.Snapshot(ctx, benched)
		if err != nil {
			return 0, err
		}
		return 0, drained(snapshot.Versions(ctx, c.name(0), pfs.VersionMark{}), -1)
	}}
}

// compared is how many commits are compared with the one before: some, since they are in leaves of the tree of different sizes,
// and few, so that what they are made of stays in the caches of a store of any size.
const compared = 10

// diffLoad compares each of the last commits with the one before.
func (c *Core) diffLoad() Load {
	var commits []pfs.Ref
	return Load{
		Prepare: func(ctx context.Context) (err error) {
			if err = c.fill(ctx); err == nil {
				commits, err = c.lastCommits(ctx, compared+1)
			}
			return err
		},
		Do: func(ctx context.Context, _, i int) (int64, error) {
			i %= len(commits) - 1
			return 0, drained(c.store.Diff(ctx, commits[i+1], commits[i], ""), -1)
		},
	}
}

// lastCommits returns at most n commits, newest first, and an error when there are not two.
func (c *Core) lastCommits(ctx context.Context, n int) ([]pfs.Ref, error) {
	var commits []pfs.Ref
	for entry, err := range c.store.Log(ctx, benched, "") {
		if err != nil {
			return nil, err
		}
		ref, err := benched.At(entry.Commit.ID.String())
		if err != nil {
			return nil, err
		}
		if commits = append(commits, ref); len(commits) == n {
			break
		}
	}
	if len(commits) < 2 {
		return nil, errors.New("there is one commit, which cannot be compared with another: give --commits")
	}
	return commits, nil
}

// branchLoad makes a branch of the branch, and deletes it.
func (c *Core) branchLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, worker, _ int) (int64, error) {
		ref := pfs.BranchRef(benched.Repo, fmt.Sprint("side-", worker))
		if _, err := c.store.CreateBranch(ctx, ref, pfs.BranchOptions{From: benched, By: byBench}); err != nil {
			return 0, err
		}
		return 0, c.store.DeleteBranch(ctx, ref, false)
	}}
}

// copyDirLoad copies a directory, and in the same commit removes the copy made before.
func (c *Core) copyDirLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, worker, i int) (int64, error) {
		snapshot, err := c.store.Snapshot(ctx, benched)
		if err != nil {
			return 0, err
		}
		to := fmt.Sprint("copied-", worker)
		_, err = c.store.Update(ctx, benched, byBench, func(tx *pfs.Tx) error {
			if _, err := tx.Stat(to); err == nil {
				if err := tx.RemoveAll(to); err != nil {
					return err
				}
			}
			return tx.Copy(to, snapshot, c.dir(0))
		})
		return 0, err
	}}
}

// renameDirLoad renames a directory, which has another name every other time.
func (c *Core) renameDirLoad() Load {
	return Load{Prepare: c.fill, Do: func(ctx context.Context, _, _ int) (int64, error) {
		_, err := c.store.Update(ctx, benched, byBench, func(tx *pfs.Tx) error {
			from, to := c.dir(c.opts.Files-1), "renamed"
			if _, err := tx.Stat(to); err == nil {
				from, to = to, from
			}
			return tx.Rename(from, to, pfs.RenameNoReplace)
		})
		return 0, err
	}}
}

// openLoad closes the store and opens it again.
func (c *Core) openLoad() Load {
	return Load{
		Prepare: func(ctx context.Context) error {
			err := c.fill(ctx)
			c.letGo()
			return err
		},
		Do: func(ctx context.Context, _, _ int) (int64, error) {
			if err := c.store.Close(); err != nil {
				return 0, err
			}
			return 0, c.open(ctx)
		},
		Clean: func(ctx context.Context) error {
			if c.store == nil {
				return nil
			}
			return c.hold(ctx)
		},
	}
}
