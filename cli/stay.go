package cli

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/door"
	"pfsd/cli/internal/hosting"
)

// stay is the time that a process with doors takes part in a store, at one host after another. It is for one goroutine.
type stay struct {
	program *program
	cfg     hosting.Config
	// member is nil between two hosts.
	member hosting.Member
	doors  []openDoor
	// store is member's client, for other goroutines; nil between two hosts.
	store atomic.Pointer[control.Client]
}

// join takes part in the store at its host.
func (s *stay) join(ctx context.Context) error {
	member, err := hosting.Join(ctx, s.cfg)
	if err == nil {
		s.member = member
		s.store.Store(member.Client())
	}
	return err
}

// openAll makes the doors and opens them.
func (s *stay) openAll(ctx context.Context, openings []opening) error {
	for _, open := range openings {
		object, err := s.make(ctx, open)
		if err != nil {
			return err
		}
		s.doors = append(s.doors, openDoor{object: object})
		if err := s.follow(ctx, s.serve(ctx, &s.doors[len(s.doors)-1])); err != nil {
			return err
		}
		s.program.announce(object.Spec)
	}
	return nil
}

// make makes the object of a door, for which it may have to ask the host of the store, or the next one when that has gone.
func (s *stay) make(ctx context.Context, open opening) (*door.Object, error) {
	for {
		object, err := open(ctx, s.member)
		if !errors.Is(err, door.ErrHostGone) {
			return object, err
		}
		if err := s.follow(ctx, err); err != nil {
			return nil, err
		}
	}
}

// finish does what is to be done when the doors have ended, at the host of the store or at the next one, and leaves that.
func (s *stay) finish(ctx context.Context) (err error) {
	visitor := hosting.NewVisitor(s.cfg, s.member)
	for _, finish := range s.program.whenEnded {
		err = errors.Join(err, finish(ctx, visitor.Client()))
	}
	return errors.Join(err, visitor.Close(ctx))
}

// serve has the host serve a door.
func (s *stay) serve(ctx context.Context, d *openDoor) error {
	running, err := s.member.OpenDoor(ctx, d.object)
	if err == nil {
		d.running = running
	}
	return err
}

// live returns nil when ctx is done or all doors have ended, and an error when one has failed that no other host can mend.
// Without doors it waits for ctx.
func (s *stay) live(ctx context.Context) error {
	forever := len(s.doors) == 0
	for forever || len(s.doors) > 0 {
		err := s.await(ctx)
		if !errors.Is(err, door.ErrHostGone) {
			return err
		}
		if err := s.follow(ctx, err); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	return nil
}

// await returns nil when ctx is done or all doors have ended, of which there must have been some, and an error when one of
// them has failed or the host has gone.
func (s *stay) await(ctx context.Context) error {
	ended := make(chan error, len(s.doors))
	for _, d := range s.doors {
		go func() {
			<-d.running.Done()
			ended <- d.running.Err()
		}()
	}
	// A door ends with its host, and knows more of the reason.
	var lost <-chan struct{}
	if len(s.doors) == 0 {
		lost = s.member.Lost()
	}
	for open := len(s.doors); open > 0 || len(s.doors) == 0; open-- {
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

// follow takes the doors to the next host, which may be this process, as long as err says that theirs has gone.
func (s *stay) follow(ctx context.Context, err error) error {
	for errors.Is(err, door.ErrHostGone) && ctx.Err() == nil {
		level := slog.LevelWarn
		if errors.Is(err, door.ErrHostLeft) {
			level = slog.LevelInfo
		}
		s.cfg.Log.Log(ctx, level, "the process that held the store has gone: the doors of this one go to the next")
		if err = s.move(ctx); err == nil {
			s.cfg.Log.Log(ctx, level, "the doors of this process are open again")
		}
	}
	return err
}

// move leaves a host that has gone, joins the next one and opens the doors there.
func (s *stay) move(ctx context.Context) error {
	if err := s.leave(ctx); err != nil {
		return err
	}
	if err := s.renew(); err != nil {
		return err
	}
	if err := s.join(ctx); err != nil {
		return err
	}
	for i := range s.doors {
		if err := s.serve(ctx, &s.doors[i]); err != nil {
			return err
		}
	}
	return nil
}

// leave waits until the host that goes is done with the doors, and then leaves it.
func (s *stay) leave(ctx context.Context) error {
	for _, d := range s.doors {
		if d.running == nil {
			continue
		}
		select {
		case <-d.running.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	member := s.member
	s.member = nil
	s.store.Store(nil)
	if member == nil {
		return nil
	}
	return member.Close(ctx)
}

// renew makes the doors fit for the next host. Those that were ended in order are forgotten.
func (s *stay) renew() error {
	var left []openDoor
	for i, d := range s.doors {
		err := door.ErrGone
		if !d.inOrder() {
			err = d.object.Renew()
		}
		switch {
		case err == nil:
			left = append(left, openDoor{object: d.object})
		case errors.Is(err, door.ErrGone):
			err = d.object.Release()
		}
		if err != nil {
			s.doors = append(left, s.doors[i:]...)
			return err
		}
	}
	s.doors = left
	return nil
}
