package kvtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pfsd/pfs/internal/kv"
)

func testCanceled(t *testing.T, opener Opener) {
	s := open(t, opener)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	called := false
	for name, err := range map[string]error{
		"View":   s.View(ctx, func(kv.Reader) error { called = true; return nil }),
		"Commit": s.Commit(ctx, kv.Batch{Puts: []kv.Row{row("a", "")}}),
		"Put":    s.Put(ctx, []kv.Row{row("b", "")}),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if called {
		t.Error("View called its function")
	}
	view(t, s, func(r kv.Reader) { expect(t, "written", scan(t, r, nil, nil, false), "") })
}

func testErrorsUnchanged(t *testing.T, opener Opener) {
	s := open(t, opener)
	commit(t, s, "a", "")
	mine := errors.New("mine")
	if err := s.View(t.Context(), func(kv.Reader) error { return mine }); err != mine {
		t.Errorf("View: got %v", err)
	}
	err := s.View(t.Context(), func(r kv.Reader) error {
		for range r.Scan(nil, nil, false) {
			return mine
		}
		return nil
	})
	if err != mine {
		t.Errorf("View with a scan that was left: got %v", err)
	}
}

func testUseAfterClose(t *testing.T, opener Opener) {
	s := open(t, opener)
	commit(t, s, "a", "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"View":   s.View(t.Context(), func(kv.Reader) error { return nil }),
		"Commit": s.Commit(t.Context(), kv.Batch{Puts: []kv.Row{row("a", "")}}),
		"Put":    s.Put(t.Context(), []kv.Row{row("b", "")}),
		"Close":  s.Close(),
	} {
		if !errors.Is(err, kv.ErrClosed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// testCloseWaits closes a store within a View, which must be able to go on while new operations are refused.
func testCloseWaits(t *testing.T, opener Opener) {
	s := open(t, opener)
	commit(t, s, "a", "1")
	closed := make(chan error, 1)
	view(t, s, func(r kv.Reader) {
		go func() { closed <- s.Close() }()
		for s.View(t.Context(), func(kv.Reader) error { return nil }) == nil {
			continue
		}
		select {
		case err := <-closed:
			t.Errorf("Close did not wait: %v", err)
		default:
		}
		if got := get(t, r, "a"); got != "1" {
			t.Errorf("got %q", got)
		}
	})
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
}

func testReopen(t *testing.T, opener Opener) {
	want := ""
	for i := range 4 {
		s := open(t, opener)
		view(t, s, func(r kv.Reader) { expect(t, "reopened", scan(t, r, []byte("k"), nil, false), want) })
		commit(t, s, fmt.Sprint("k", i), "old", "gone", "")
		commit(t, s, fmt.Sprint("k", i), fmt.Sprint(i))
		remove(t, s, "gone")
		if err := s.Put(t.Context(), []kv.Row{row(fmt.Sprint("h", i), "x")}); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			want += " "
		}
		want += fmt.Sprintf("k%d=%d", i, i)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, opener)
	view(t, s, func(r kv.Reader) {
		expect(t, "all", scan(t, r, nil, nil, false), "h0=x h1=x h2=x h3=x "+want)
	})
}
