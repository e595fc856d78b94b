package cli

import (
	"context"
	"fmt"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
)

// startManual starts the commit that all changes in a mount of the branch at ref are to be, and returns its address. It is
// finished when the mount has ended, or stays, with all that is in it, when this process does not live to do that. An open
// commit is mounted as it is, and left open.
func (p *program) startManual(
	ctx context.Context, store *control.Client, ref control.Ref, shown control.Stat,
) (address string, err error) {
	switch {
	case shown.ReadOnly:
		return "", &pfs.Error{Op: "cli.mount", Kind: pfs.KindReadOnly, Ref: shown.Address}
	case !ref.IsBranch():
		return shown.Address, nil
	}
	open, err := store.StartCommit(ctx, control.ChangeRequest{Ref: shown.Address, By: p.author()})
	if err != nil {
		return "", err
	}
	workspace := pfs.Ref{Repo: open.Repo, Name: open.Branch, Commit: open.ID}.String()
	p.whenEnded = append(p.whenEnded, func(ctx context.Context, store *control.Client) error {
		if _, err := store.FinishCommit(ctx, control.ChangeRequest{Ref: workspace, By: p.author()}); err != nil {
			return fmt.Errorf("the changes are not on %s yet; finish them with: pfsd commit finish %s: %w",
				shown.Address, workspace, err)
		}
		return nil
	})
	return workspace, nil
}
