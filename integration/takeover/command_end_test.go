package takeover_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pfsd/integration/harness"
)

// TestCommandsAroundTheEnd ends the host of a store with pfsd umount, again and again, and runs a command right after that, or
// at a random instant around it: a put, a listing, the status, the next mount. Each does what it is to.
func TestCommandsAroundTheEnd(t *testing.T) {
	t.Parallel()
	rounds := 12
	if os.Getenv("PFSD_FULL") != "" {
		rounds = 400
	}
	s := harness.New(t)
	s.Pfsd("repo", "create", "shared")
	dir := filepath.Join(s.Dir, "mount")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		s.Pfsd("mount", "--detach", bucket, dir)
		var unmounting sync.WaitGroup
		ended := make(chan struct{})
		unmounting.Go(func() {
			defer close(ended)
			if r := s.Try("umount", dir); r.Code != 0 {
				t.Errorf("round %d: umount: %+v", round, r)
			}
		})
		if round%2 == 0 {
			<-ended
		} else {
			for range random.IntN(4) {
				s.Pfsd("version") // It takes a while, and uses no store.
			}
		}
		switch round / 2 % 3 {
		case 0:
			if r := s.TryInput([]byte("bytes"), "put", "-", fmt.Sprintf("%s:/file%d", bucket, round)); r.Code != 0 {
				t.Errorf("round %d: put: %+v", round, r)
			} else if got := s.Pfsd("cat", fmt.Sprintf("%s:/file%d", bucket, round)); got != "bytes" {
				t.Errorf("round %d: the store has %q", round, got)
			}
		case 1:
			s.Pfsd("ls", bucket)
		case 2:
			s.Pfsd("status")
		}
		unmounting.Wait()
	}
	if harness.Mounted(t, dir) {
		t.Error("it is still mounted")
	}
}
