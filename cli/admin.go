package cli

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/admin"
	"pfsd/cli/internal/connections"
	"pfsd/cli/internal/control"
	"pfsd/cli/internal/door"
)

// flagAdmin is the flag of commands that stay.
const flagAdmin = "admin"

func adminFlag() cli.Flag {
	return &cli.StringFlag{
		Name:  flagAdmin,
		Usage: "answer profiles (/debug/pprof/) and /metrics on `HOST:PORT`, a loopback address; port 0 is any free one",
	}
}

// admin serves what --admin asks for; nil without it. The store is that of the moment, nil while there is no host.
func (p *program) admin(c *cli.Context, store *atomic.Pointer[control.Client]) (*admin.Server, error) {
	addr := c.String(flagAdmin)
	if addr == "" {
		return nil, nil
	}
	shares, err := shares()
	if err != nil {
		return nil, err
	}
	server, err := admin.Serve(c.Context, addr, connections.New(shares.Admin), func(ctx context.Context) ([]admin.Metric, error) {
		client := store.Load()
		if client == nil {
			return nil, door.ErrHostGone
		}
		status, err := client.Status(ctx)
		return storeMetrics(status), err
	}, p.log)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flagAdmin, err)
	}
	return server, nil
}

// storeMetrics are the figures of a store.
func storeMetrics(s control.Status) []admin.Metric {
	return []admin.Metric{
		{Name: "pfsd_repos", Help: "Repos.", Value: float64(s.Store.Repos)},
		{Name: "pfsd_branches", Help: "Branches.", Value: float64(s.Store.Branches)},
		{Name: "pfsd_pending_branches", Help: "Branches with changes that are in no commit yet.", Value: float64(s.Store.Pending)},
		{Name: "pfsd_uploads", Help: "Unfinished multipart uploads.", Value: float64(s.Store.Uploads)},
		{Name: "pfsd_packs", Help: "Pack files.", Value: float64(s.Store.Packs)},
		{Name: "pfsd_packs_bytes", Help: "Size of the pack files.", Value: float64(s.Store.PackBytes)},
		{Name: "pfsd_s3_doors", Help: "S3 endpoints that are served.", Value: float64(len(s.S3))},
		{Name: "pfsd_mount_doors", Help: "Mounts that are served.", Value: float64(len(s.Mounts))},
		{Name: "pfsd_commands_in_bytes_total", Help: "Bytes that commands have sent.", Total: true, Value: float64(s.Moved.In)},
		{Name: "pfsd_commands_out_bytes_total", Help: "Bytes that commands have been sent.", Total: true, Value: float64(s.Moved.Out)},
	}
}
