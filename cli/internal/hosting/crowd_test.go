package hosting

import (
	"context"
	"errors"
	"testing"
)

// TestCrowd: more guests than there may be wait, and are let in when others leave; those who are in can call meanwhile, and so can
// whoever comes for an operation when guests with doors have taken all that is theirs. Who connects and says nothing keeps nobody out.
func TestCrowd(t *testing.T) {
	dir := newDir(t)
	cfg := configOf(dir, true)
	cfg.Connections = 12
	h := join(t, cfg)
	defer closeMember(t, h)
	for range 3 * cfg.Connections {
		conn, err := dial(dir.Socket())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	for _, doors := range []bool{true, false} {
		guestOf := configOf(dir, doors)
		var guests []Member
		for range cfg.Connections / 3 {
			guests = append(guests, join(t, guestOf))
		}
		var wait *waitError
		if _, err := joinOnce(t.Context(), guestOf); !errors.As(err, &wait) || wait.answer != wordFull {
			t.Errorf("one guest too many: %v", err)
		}
		late := make(chan error)
		go func() {
			m, err := Join(context.Background(), guestOf)
			if err == nil {
				err = m.Close(context.Background())
			}
			late <- err
		}()
		if doors {
			other := join(t, configOf(dir, false))
			repoNames(t, other)
			closeMember(t, other)
		}
		for _, g := range guests {
			repoNames(t, g)
		}
		closeMember(t, guests[0])
		if err := <-late; err != nil {
			t.Error(err)
		}
		for _, g := range guests[1:] {
			closeMember(t, g)
		}
	}
	if n := h.(*host).limit.Count(); n > cfg.Connections {
		t.Errorf("%d connections", n)
	}
}
