package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/door"
	"pfsd/cli/internal/hosting"
)

// opening makes the kernel object of one door of this process.
type opening func(ctx context.Context, member hosting.Member) (*door.Object, error)

// openDoor is a door of this process and what it was made of.
type openDoor struct {
	object  *door.Object
	running door.Running
}

// endGrace is how long a door may take to end once it was asked to.
const endGrace = 30 * time.Second

// runDoors opens doors and stays until the process is told to end, or all doors have ended, or the host has gone. It prints
// a line for each door that is served.
func (p *program) runDoors(c *cli.Context, openings []opening) error {
	member, err := p.join(c, true)
	if err != nil {
		return err
	}
	err = p.openAndWait(c.Context, member, openings)
	ending, cancel := context.WithTimeout(context.WithoutCancel(c.Context), 2*endGrace)
	defer cancel()
	return errors.Join(err, member.Close(ending))
}

// openAndWait opens the doors, waits, and ends them.
func (p *program) openAndWait(ctx context.Context, member hosting.Member, openings []opening) (err error) {
	var doors []openDoor
	defer func() {
		for _, d := range doors {
			err = errors.Join(err, d.discard())
		}
	}()
	for _, open := range openings {
		object, err := open(ctx, member)
		if err != nil {
			return errors.Join(err, endAll(ctx, doors))
		}
		running, err := member.OpenDoor(ctx, object)
		if err != nil {
			return errors.Join(err, object.Release(), object.Abandon(), endAll(ctx, doors))
		}
		doors = append(doors, openDoor{object, running})
		p.announce(object.Spec)
	}
	if len(doors) == 0 {
		fmt.Fprintln(p.stdout, "ready")
	}
	err = await(ctx, member, doors)
	if endErr := endAll(ctx, doors); err == nil {
		err = endErr
	}
	return err
}

// announce prints that a door is served.
func (p *program) announce(spec door.Spec) {
	if m := spec.Mount; m != nil {
		fmt.Fprintf(p.stdout, "ready mount %s on %s\n", m.Address, p.name(m.Dir))
		return
	}
	fmt.Fprintf(p.stdout, "ready s3 http://%s\n", spec.S3.Addr)
}

// await returns nil when ctx is done or all doors have ended, of which there must have been some, and an error when one of
// them has failed or the host has gone.
func await(ctx context.Context, member hosting.Member, doors []openDoor) error {
	ended := make(chan error, len(doors))
	for _, d := range doors {
		go func() {
			<-d.running.Done()
			ended <- d.running.Err()
		}()
	}
	// A door ends with its host, and knows more of the reason.
	var lost <-chan struct{}
	if len(doors) == 0 {
		lost = member.Lost()
	}
	for open := len(doors); open > 0 || len(doors) == 0; open-- {
		select {
		case <-ctx.Done():
			return nil
		case <-lost:
			return door.ErrHostGone
		case err := <-ended:
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// endAll ends the doors that are still open and returns when all that came in through them is committed.
func endAll(ctx context.Context, doors []openDoor) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endGrace)
	defer cancel()
	for _, d := range doors {
		err = errors.Join(err, d.end(ctx))
	}
	return err
}

// end ends the door: a mount by unmounting it, which has the kernel write back all that it holds; an endpoint, and a mount
// that is in use and therefore only taken away from where it was, by its server.
func (d openDoor) end(ctx context.Context) error {
	if d.ended() {
		return d.running.Err()
	}
	detached, err := d.object.Detach(ctx)
	if !detached || err != nil {
		return errors.Join(d.object.Abandon(), d.running.End(ctx))
	}
	select {
	case <-d.running.Done():
		return d.running.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d openDoor) ended() bool {
	select {
	case <-d.running.Done():
		return true
	default:
		return false
	}
}

// discard gives up a door's kernel object. A mount whose door did not end in order is taken away: nobody serves it.
func (d openDoor) discard() error {
	err := d.object.Release()
	if !d.ended() || d.running.Err() != nil {
		err = errors.Join(err, d.object.Abandon())
	}
	return err
}
