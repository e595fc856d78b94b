package control_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"pfsd/cli/internal/control"
	"pfsd/pfs/pfstest"
)

// deaf is a transport that does not notice that a request is cancelled, as any may for a while.
type deaf struct{ http.RoundTripper }

func (d deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	return d.RoundTripper.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
}

// TestCancelledPutStoresNothing has a put cancelled when all is written but the end, which is not to make it whole.
func TestCancelledPutStoresNothing(t *testing.T) {
	rt := control.NewInProcess(control.New(pfstest.NewStore(t), control.Config{Data: "/data", Now: time.Now, Doors: &noDoors{}}))
	t.Cleanup(rt.Wait)
	c := control.NewClient(deaf{rt})
	createRepo(t, c, "r")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.Put(ctx, control.PutRequest{Ref: "r"}, func(parts *control.PartWriter) error {
		w, err := parts.Next(control.Entry{Path: "first", Kind: "file"})
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, "bytes")
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the put ends with %v", err)
	}
	if got := collect(t, c.List(t.Context(), control.FileRequest{Ref: "r", Recursive: true})); len(got) != 0 {
		t.Errorf("a cancelled put left %v", got)
	}
}
