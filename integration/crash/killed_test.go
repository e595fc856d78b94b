package crash_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pfsd/integration/harness"
)

// bucket is the branch that all writers of a store work on.
const bucket = "master.crash"

// roundsOfStore is how many times one store is killed, before it is checked deeply and a new one takes its place: the history
// of one that is killed for ever would grow for ever.
const roundsOfStore = 25

// TestKilled kills a server with both doors again and again, in the middle of PUTs, multipart uploads, copies and deletes, of
// writes, renames and removals in the mount, of commits with many files and of collections of garbage; while it starts; and
// while it ends. After each restart every file is as the last acknowledged change left it, or as the one under way has, each
// change whole or absent, and fsck finds nothing.
func TestKilled(t *testing.T) {
	seed := harness.Seed(t)
	rounds := 200
	if n, err := strconv.Atoi(os.Getenv("PFSD_ROUNDS")); err == nil {
		rounds = n
	}
	for i := 0; rounds > 0; i++ {
		n := min(rounds, roundsOfStore)
		rounds -= n
		t.Run(fmt.Sprint("store", i), func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, harness.Rand(seed+uint64(i)))
			v.store.Pfsd("repo", "create", "crash")
			v.kill(n)
		})
	}
}

// victim is a store that is killed, with those who write to it.
type victim struct {
	t       *testing.T
	store   *harness.Store
	dir     string
	rand    *rand.Rand
	writers []*writer
	// ways counts the kills of each way.
	ways map[string]int
}

func newVictim(t *testing.T, random *rand.Rand) *victim {
	v := &victim{t: t, store: harness.New(t), rand: random, ways: map[string]int{}}
	v.dir = filepath.Join(v.store.Dir, "mount")
	if err := os.Mkdir(v.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, ops := range []func(*doors) operations{s3Operations, s3Operations, mountOperations, mountOperations, commitOperations} {
		v.writers = append(v.writers, newWriter(fmt.Sprintf("writer%d", i), ops, rand.New(rand.NewPCG(random.Uint64(), 0))))
	}
	return v
}

// kill does n rounds, and then looks at everything.
func (v *victim) kill(n int) {
	for round := range n {
		if v.rand.IntN(8) == 0 {
			v.killStarting()
			continue
		}
		d := v.open()
		v.verify(d)
		if v.rand.IntN(3) == 0 {
			v.check()
		}
		if v.t.Failed() {
			v.t.Fatalf("after %d kills: %v", round, v.ways)
		}
		v.load(d, func() { v.killWorking(d) })
	}
	v.end()
}

// end starts the server once more and looks at everything.
func (v *victim) end() {
	d := v.open()
	v.verify(d)
	d.server.Stop()
	acked := 0
	for _, w := range v.writers {
		acked += w.acked
	}
	v.t.Logf("%v; %d changes were acknowledged and are there", v.ways, acked)
}

// open starts the server and returns its doors.
func (v *victim) open() *doors {
	door, mount := v.store.Serve(bucket, v.dir)
	return &doors{t: v.t, store: v.store, client: door.Client(v.t), server: door.Process, dir: mount.Dir}
}

func (v *victim) verify(d *doors) {
	for _, w := range v.writers {
		w.verify(v.t, d)
	}
}

// check runs the quick fsck, while the server runs.
func (v *victim) check() {
	if r := v.store.Try("fsck"); r.Code != 0 {
		v.t.Errorf("fsck: %s%s", r.Stdout, r.Stderr)
	}
}

// killStarting kills a server before it is ready, somewhere on the way.
func (v *victim) killStarting() {
	v.ways["starting"]++
	p := v.store.Start("serve", "--s3", "127.0.0.1:0", "--mount", bucket+"="+v.dir)
	<-time.After(time.Duration(v.rand.IntN(100)) * time.Millisecond)
	p.Kill()
}

// load lets all writers work until some number of changes have been acknowledged, and then takes the server away.
func (v *victim) load(d *doors, takeAway func()) {
	var running sync.WaitGroup
	var acked atomic.Int64
	enough := make(chan struct{})
	limit := int64(1 + v.rand.IntN(40))
	for _, w := range v.writers {
		ops := w.kind(d)
		running.Go(func() {
			for w.step(ops) == nil {
				if acked.Add(1) == limit {
					close(enough)
				}
			}
		})
	}
	if v.rand.IntN(4) == 0 {
		v.ways["collecting"]++
		running.Go(func() { v.store.Try("gc", "--grace", "0s") })
	}
	<-enough
	takeAway()
	running.Wait()
}

// killWorking kills a server at once, or while it ends.
func (v *victim) killWorking(d *doors) {
	if v.rand.IntN(6) == 0 {
		v.ways["ending"]++
		d.leaving.Store(true)
		d.server.StopOrKill(time.Duration(v.rand.IntN(20)) * time.Millisecond)
		return
	}
	v.ways["working"]++
	d.server.Kill()
}
