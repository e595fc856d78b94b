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

// openDoor is a door of this process and what it was made of. running is nil until a host serves it.
type openDoor struct {
	object  *door.Object
	running door.Running
}

// endGrace is how long a door may take to end once it was asked to.
const endGrace = 30 * time.Second

// runDoors opens doors and stays until the process is told to end, or all doors have ended. When the host of the store
// goes, this process becomes the host, or the guest of the next one, with the same doors. It prints a line for each door
// when it is served first. When makes is set, it makes a store where none is.
func (p *program) runDoors(c *cli.Context, makes bool, openings []opening) error {
	cfg, err := p.hosting(c, taking{doors: true, makes: makes})
	if err != nil {
		return err
	}
	s := &stay{program: p, cfg: cfg}
	admin, err := p.admin(c, &s.store)
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := s.join(c.Context); err != nil {
		return err
	}
	err = s.openAll(c.Context, openings)
	if err == nil && len(openings) == 0 {
		fmt.Fprintln(p.stdout, "ready")
	}
	if err == nil && admin != nil {
		fmt.Fprintf(p.stdout, "ready admin http://%s\n", admin.Addr())
	}
	if err == nil {
		err = p.beReady()
	}
	if err == nil {
		err = s.live(c.Context)
	}
	p.tellManager("STOPPING=1")
	if endErr := endAll(c.Context, s.doors); err == nil {
		err = endErr
	}
	for _, d := range s.doors {
		err = errors.Join(err, d.discard())
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(c.Context), 2*endGrace)
	defer cancel()
	return errors.Join(err, s.finish(ending))
}

// beReady does what is to be done when all doors are open.
func (p *program) beReady() error {
	p.tellManager("READY=1")
	for _, do := range p.whenReady {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// announce prints that a door is served.
func (p *program) announce(spec door.Spec) {
	if m := spec.Mount; m != nil {
		what := m.Address
		if what == door.AllBranches {
			what = "all branches"
		}
		fmt.Fprintf(p.stdout, "ready mount %s on %s\n", what, p.name(m.Dir))
		return
	}
	fmt.Fprintf(p.stdout, "ready s3 %s://%s\n", scheme(len(spec.S3.TLSCert) > 0), spec.S3.Addr)
}

// scheme is how the URL of an endpoint begins.
func scheme(tls bool) string {
	if tls {
		return "https"
	}
	return "http"
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
		return d.outcome()
	}
	detached, err := d.object.Detach(ctx)
	if !detached || err != nil {
		return errors.Join(d.object.Abandon(), unlessLeft(d.running.End(ctx)))
	}
	select {
	case <-d.running.Done():
		return d.outcome()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// outcome is what a door that has ended has failed with, if anything.
func (d openDoor) outcome() error {
	if d.running == nil {
		return nil
	}
	return unlessLeft(d.running.Err())
}

// unlessLeft returns err unless it says that the host left in order, as it does when Ctrl-C ends host and guests at once: that
// ends a door as well as being asked to.
func unlessLeft(err error) error {
	if errors.Is(err, door.ErrHostLeft) {
		return nil
	}
	return err
}

// inOrder reports whether the door has ended because it was told to.
func (d openDoor) inOrder() bool { return d.running != nil && d.ended() && d.running.Err() == nil }

// ended reports whether nobody serves the door.
func (d openDoor) ended() bool {
	if d.running == nil {
		return true
	}
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
	if !d.inOrder() {
		err = errors.Join(err, d.object.Abandon())
	}
	return err
}
