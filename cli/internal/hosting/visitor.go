package hosting

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/door"
)

// Visitor is the part in the store of who calls operations, at one host after another: when the host goes, or has begun to, it
// waits for its end and takes its place or becomes a guest of the next one, where what was surely not begun is sent again.
// It may be used concurrently.
type Visitor struct {
	cfg    Config
	client *control.Client

	// mu guards member, and is held by whoever joins anew. It is nil between two hosts.
	mu     sync.Mutex
	member Member
}

// Visit joins as Join does.
func Visit(ctx context.Context, cfg Config) (*Visitor, error) {
	member, err := Join(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return NewVisitor(cfg, member), nil
}

// NewVisitor returns a Visitor that goes on with a member, which becomes its own. Where that is nil it joins first.
func NewVisitor(cfg Config, member Member) *Visitor {
	v := &Visitor{cfg: cfg, member: member}
	v.client = control.NewClient(v)
	return v
}

// Client calls the operations of the store.
func (v *Visitor) Client() *control.Client { return v.client }

// Close ends the part, as that of a Member.
func (v *Visitor) Close(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.member == nil {
		return nil
	}
	return v.member.Close(ctx)
}

// maxHosts is at how many hosts, one after another, an operation is tried, of which each went before it had begun it.
const maxHosts = 20

// RoundTrip sends an operation to the host.
func (v *Visitor) RoundTrip(req *http.Request) (*http.Response, error) {
	err := door.ErrHostGone
	for range maxHosts {
		var member Member
		if member, err = v.present(req.Context()); err != nil {
			break
		}
		var res *http.Response
		if res, err = member.calls().RoundTrip(req); !errors.Is(err, door.ErrHostGone) {
			return res, err
		}
		v.leave(req.Context(), member)
	}
	if req.Body != nil {
		req.Body.Close()
	}
	return nil, err
}

// present returns the member, and joins for it where there is none.
func (v *Visitor) present(ctx context.Context) (Member, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.member == nil {
		member, err := Join(ctx, v.cfg)
		if err != nil {
			return nil, err
		}
		v.member = member
	}
	return v.member, nil
}

// leave leaves a host that has gone, unless another operation has done so already.
func (v *Visitor) leave(ctx context.Context, gone Member) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.member == gone {
		_ = gone.Close(ctx) // The host is not there any more to be told.
		v.member = nil
	}
}
