package hosting

import (
	"context"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"pfsd/cli/internal/control"
)

func visit(t *testing.T, cfg Config) *Visitor {
	t.Helper()
	v, err := Visit(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// put stores a file of which the bytes can be read once, as those of stdin.
func put(v *Visitor, path string, begun chan<- struct{}, data io.Reader) error {
	_, err := v.Client().Put(context.Background(), control.PutRequest{Ref: "master.r"}, func(parts *control.PartWriter) error {
		w, err := parts.Next(control.Entry{Path: path, Kind: "file", Mode: 0o644})
		if err != nil {
			return err
		}
		if begun != nil {
			// More than the writer of the parts holds: the host reads.
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
			close(begun)
		}
		_, err = io.Copy(w, data)
		return err
	})
	return err
}

// ending waits until the host turns those away who would join.
func ending(t *testing.T, cfg Config) {
	t.Helper()
	for {
		conn, err := connect(cfg.Dir.Socket(), wordJoin)
		var wait *waitError
		if errors.As(err, &wait) && wait.answer == wordEnding {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}

// TestVisitorsOfAHostThatEnds ends a host while a guest's operation runs, which is answered. What another guest asks for
// meanwhile is not begun there, and done at the next host, which that guest is itself.
func TestVisitorsOfAHostThatEnds(t *testing.T) {
	dir := newDir(t)
	host := join(t, configOf(dir, true))
	createRepo(t, host, "r")
	slow, other := visit(t, configOf(dir, false)), visit(t, configOf(dir, false))
	begun, rest := make(chan struct{}), make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		if err := put(slow, "slow", begun, &gated{open: rest, data: strings.NewReader("slow")}); err != nil {
			t.Errorf("the operation that ran: %v", err)
		}
		if err := slow.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	<-begun
	running.Go(func() { closeMember(t, host) })
	ending(t, configOf(dir, false))
	running.Go(func() {
		if err := put(other, "other", nil, strings.NewReader("other")); err != nil {
			t.Errorf("the operation that came meanwhile: %v", err)
		}
	})
	close(rest)
	running.Wait()
	if _, err := other.Client().Stat(t.Context(), control.FileRequest{Ref: "master.r", Path: "slow"}); err != nil {
		t.Error(err)
	}
	if _, err := other.Client().Stat(t.Context(), control.FileRequest{Ref: "master.r", Path: "other"}); err != nil {
		t.Error(err)
	}
	if err := other.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// gated is a reader that has nothing before it is opened.
type gated struct {
	open <-chan struct{}
	data io.Reader
}

func (g *gated) Read(b []byte) (int, error) {
	<-g.open
	return g.data.Read(b)
}

// TestVisitorsAroundTheEnd has guests put files while their host ends, of either kind, round after round: all are stored once.
func TestVisitorsAroundTheEnd(t *testing.T) {
	rounds := 20
	if os.Getenv("PFSD_FULL") != "" {
		rounds = 500
	}
	seed := mathrand.Uint64()
	t.Logf("seed %d", seed)
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	dir := newDir(t)
	first := join(t, configOf(dir, true))
	createRepo(t, first, "r")
	closeMember(t, first)
	for round := range rounds {
		host := join(t, configOf(dir, random.IntN(4) > 0))
		var guests sync.WaitGroup
		for i := range 3 {
			path, before := fmt.Sprintf("%d/%d", round, i), random.IntN(3)
			v := visit(t, configOf(dir, false))
			guests.Go(func() {
				for n := range before {
					if err := put(v, fmt.Sprintf("%s-%d", path, n), nil, strings.NewReader("before")); err != nil {
						t.Errorf("round %d: %v", round, err)
					}
				}
				if err := put(v, path, nil, strings.NewReader(path)); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
				if err := v.Close(context.Background()); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		closeMember(t, host)
		guests.Wait()
	}
	last := visit(t, configOf(dir, false))
	for round := range rounds {
		for i := range 3 {
			var got strings.Builder
			path := fmt.Sprintf("%d/%d", round, i)
			if err := last.Client().Cat(t.Context(), control.FileRequest{Ref: "master.r", Path: path}, &got); err != nil || got.String() != path {
				t.Errorf("%s: %q, %v", path, got.String(), err)
			}
		}
	}
	if err := last.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
