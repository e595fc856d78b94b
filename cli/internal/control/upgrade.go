package control

import (
	"context"
)

// opUpgrade upgrades the format of the store.
const opUpgrade = "/upgrade"

// UpgradeReport says what an upgrade has done.
type UpgradeReport struct {
	// Added are the features that the store had not, Features all that it has now; both sorted.
	Added    []string `json:"added"`
	Features []string `json:"features"`
}

// upgrader is what an upgrade needs of the core.
type upgrader interface {
	Upgrade() ([]string, error)
	Features() []string
}

// Upgrade gives the store all features that its host knows.
func (c *Client) Upgrade(ctx context.Context) (UpgradeReport, error) {
	return call[UpgradeReport](ctx, c, opUpgrade, nothing{})
}

func (h *Handler) handleUpgrade(store upgrader) {
	h.handle(opUpgrade, value(func(context.Context, nothing) (UpgradeReport, error) {
		added, err := store.Upgrade()
		if added == nil {
			added = []string{}
		}
		return UpgradeReport{Added: added, Features: store.Features()}, err
	}))
}
