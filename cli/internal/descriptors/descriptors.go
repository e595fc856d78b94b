// Package descriptors divides the descriptors that a process may have, so that no use of them takes those of another.
package descriptors

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Shares says how many descriptors each use may take. What is left of the limit is the store's own: tables and logs of the key-value
// store, and files that are open for a moment.
type Shares struct {
	// Connections is for those of S3 endpoints. One that is answered may have a pack open besides, which is not counted here but
	// in the division.
	Connections int
	// Control is for those of the control socket: guests, their calls and their doors.
	Control int
	// Admin is for those of the admin listener.
	Admin int
	// Packs is for files of packs that stay open though nobody reads them.
	Packs int
	// Appending is for packs that stay open for whoever writes next.
	Appending int
	// Scratch is for files with what was written in mounts.
	Scratch int
}

// Limit returns how many descriptors this process may have. Go has raised it as far as it may when the program began, and gives
// children the limit that there was before.
func Limit() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("limit of descriptors: %w", err)
	}
	return int(min(limit.Cur, 1<<20)), nil
}

// Least is the smallest limit that can be divided.
const Least = 128

// Divide returns the shares of a limit, which is an error below Least. All of them, and a pack for each connection, come to about
// two thirds of it at most.
func Divide(limit int) (Shares, error) {
	if limit < Least {
		return Shares{}, fmt.Errorf("this process may have %d descriptors, and needs %d: raise ulimit -n", limit, Least)
	}
	return Shares{
		Connections: min(limit/6, 4096),
		Control:     min(limit/10, 1024),
		Admin:       min(limit/32, 32),
		Packs:       min(limit/16, 256),
		Appending:   min(limit/32, 32),
		Scratch:     min(limit/32, 32),
	}, nil
}
