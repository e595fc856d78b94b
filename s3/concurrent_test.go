package s3_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pfsd/pfs"
)

// putAsync is a PUT that may be made from any goroutine; it returns the status, or 0 when there was no answer.
func (s *server) putAsync(ctx context.Context, path string, body io.Reader, headers ...string) int {
	r, err := http.NewRequestWithContext(ctx, "PUT", s.URL+path, body)
	if err != nil {
		return 0
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.Client().Do(r)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func TestParallelPuts(t *testing.T) {
	s := newServer(t)
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			body := fmt.Sprint("body ", i)
			if status := s.putAsync(context.Background(), fmt.Sprintf("/data/dir/%03d", i),
				strings.NewReader(body)); status != 200 {
				t.Errorf("PUT %d: %d", i, status)
			}
		})
	}
	group.Wait()
	if keys := s.list("").keys(); len(keys) != 100 {
		t.Errorf("%d keys", len(keys))
	}
	for i := range 100 {
		if got := s.get(fmt.Sprintf("/data/dir/%03d", i)); got != fmt.Sprint("body ", i) {
			t.Errorf("object %d is %q", i, got)
		}
	}
}

// Of racing conditional writers exactly one wins.
func TestRacingConditions(t *testing.T) {
	s := newServer(t)
	s.put("/data/swap", "old")
	for name, headers := range map[string][]string{
		"create": {"If-None-Match", "*"}, "swap": {"If-Match", etagOf("old")},
	} {
		var won, lost atomic.Int32
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				switch status := s.putAsync(context.Background(), "/data/"+name, strings.NewReader(fmt.Sprint(i)),
					headers...); status {
				case 200:
					won.Add(1)
				case 412:
					lost.Add(1)
				default:
					t.Errorf("%s: status %d", name, status)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 || lost.Load() != 49 {
			t.Errorf("%s: %d won, %d lost", name, won.Load(), lost.Load())
		}
	}
}

// A client that goes away in the middle of a body leaves nothing that can be seen.
func TestClientGoesAway(t *testing.T) {
	s := newServer(t)
	before, err := s.store.Commit(context.Background(), pfs.BranchRef("data", "master"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	body, feed := io.Pipe()
	done := make(chan int)
	go func() { done <- s.putAsync(ctx, "/data/k", body) }()
	if _, err := io.WriteString(feed, strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	cancel()
	_ = feed.CloseWithError(context.Canceled)
	if status := <-done; status != 0 {
		t.Errorf("status %d", status)
	}
	s.want(404, "NoSuchKey", "GET", "/data/k", "")
	after, err := s.store.Commit(context.Background(), pfs.BranchRef("data", "master"))
	if err != nil || after.ID != before.ID {
		t.Errorf("a commit was made: %v", err)
	}
}

// A GET that is under way keeps its version while the object is replaced and deleted.
func TestRunningGetKeepsItsVersion(t *testing.T) {
	s := newServer(t)
	data := bytesOf(1, 32<<20)
	s.put("/data/k", data)
	response, err := s.Client().Get(s.URL + "/data/k")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	first := make([]byte, 1000)
	if _, err := io.ReadFull(response.Body, first); err != nil {
		t.Fatal(err)
	}
	s.put("/data/k", "new")
	s.want(204, "", "DELETE", "/data/k", "")
	rest, err := io.ReadAll(response.Body)
	if err != nil || string(first)+string(rest) != data {
		t.Errorf("%d bytes, %v", len(first)+len(rest), err)
	}
}

// An upload that is completed by several at once is completed for all of them, whoever comes first.
func TestRacingCompletions(t *testing.T) {
	s := newServer(t)
	for i := range 20 {
		path := fmt.Sprint("/data/", i)
		id := s.create(path)
		body := completion(s.part(path, id, 1, "one"))
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				response, err := s.Client().Post(s.URL+path+"?uploadId="+id, "", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				defer response.Body.Close()
				if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode != 200 {
					t.Errorf("%s: %s %v", path, answer, err)
				}
			})
		}
		group.Wait()
	}
}
