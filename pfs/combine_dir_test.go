package pfs_test

import (
	"context"
	"testing"

	"pfsd/pfs"
)

// TestCombineLeavesNoEmptyDirectory has each side remove one of the two files of a directory that nobody made for its own
// sake: when the changes come together it is gone, as it is when one side removes both.
func TestCombineLeavesNoEmptyDirectory(t *testing.T) {
	for name, combine := range map[string]func(ctx context.Context, s *pfs.Store) error{
		"merge": func(ctx context.Context, s *pfs.Store) error {
			return second(s.Merge(ctx, master, dev, byCLI, pfs.ResolveNone))
		},
		"cherry-pick": func(ctx context.Context, s *pfs.Store) error {
			return second(s.CherryPick(ctx, master, dev, byCLI, pfs.ResolveNone))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newImages(t)
			put(t, s, master, "d/e/x", "1")
			put(t, s, master, "d/e/y", "1")
			branchOf(t, s, dev, master)
			remove(t, s, master, "d/e/x")
			remove(t, s, dev, "d/e/y")
			noError(t, combine(ctx, s))
			if got := tree(t, s, dev); got != "" {
				t.Errorf("the branch has %q", got)
			}
			put(t, s, dev, "d", "a file")
		})
	}
	t.Run("explicit", func(t *testing.T) {
		s := newImages(t)
		update(t, s, master, func(tx *pfs.Tx) error { return tx.MakeDir("d", nil) })
		put(t, s, master, "d/x", "1")
		put(t, s, master, "d/y", "1")
		branchOf(t, s, dev, master)
		remove(t, s, master, "d/x")
		remove(t, s, dev, "d/y")
		noError(t, second(s.Merge(ctx, master, dev, byCLI, pfs.ResolveNone)))
		if got := tree(t, s, dev); got != "d/" {
			t.Errorf("the branch has %q", got)
		}
	})
}
