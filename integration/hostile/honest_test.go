package hostile_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"pfsd/integration/harness"
)

// steady is a body whose client sends a piece at each tick, as over a slow line.
type steady struct {
	io.Reader
	tick *time.Ticker
}

// Read waits for the tick and reads a piece.
func (s steady) Read(p []byte) (int, error) {
	<-s.tick.C
	return s.Reader.Read(p[:min(len(p), 64<<10)])
}

// TestHonestCrowds has many clients upload at a time, each as fast as its line is. All come through: at once where there is memory
// for all, else one after another.
func TestHonestCrowds(t *testing.T) {
	const clients = 100
	large := int64(2 << 20)
	if harness.Full() {
		large = 16 << 20
	}
	for _, c := range []struct {
		memory string
		size   int64
	}{{"256MiB", large}, {"64MiB", 2 << 20}} {
		t.Run(c.memory, func(t *testing.T) {
			s := harness.New(t)
			s.Pfsd("repo", "create", "data")
			door := s.S3("--memory=" + c.memory)
			watch := harness.WatchMemory(t, door.Process)
			data := noise(t, c.size)
			var uploads sync.WaitGroup
			for i := range clients {
				uploads.Go(func() {
					if err := upload(t, fmt.Sprintf("%s/master.data/k%d", door.URL, i), i, data); err != nil {
						t.Errorf("client %d: %v", i, err)
					}
				})
			}
			uploads.Wait()
			peak := watch.Peak()
			t.Logf("peak of %d MiB", peak>>20)
			if peak == 0 || peak > memoryLimit {
				t.Errorf("peak of %d MiB, the limit is %d", peak>>20, memoryLimit>>20)
			}
		})
	}
}

// upload puts data behind a line of its own. On a machine that is busy with other things a client can stand still for long enough
// to be cut off; it tries again then, as SDKs do.
func upload(t *testing.T, url string, i int, data []byte) error {
	for try := 0; ; try++ {
		status, err := uploadOnce(t, url, i, data)
		if err == nil && status == http.StatusServiceUnavailable && try < 3 {
			t.Logf("client %d tries again", i)
			continue
		}
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d", status)
		}
		return err
	}
}

func uploadOnce(t *testing.T, url string, i int, data []byte) (status int, err error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	line := fmt.Appendf(nil, "client %4d\n", i)
	body := io.MultiReader(bytes.NewReader(line), bytes.NewReader(data))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, steady{body, tick})
	if err != nil {
		return 0, err
	}
	r.ContentLength = int64(len(line) + len(data))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}
