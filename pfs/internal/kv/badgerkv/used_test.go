package badgerkv_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"pfsd/integration/harness"
	"pfsd/integration/memdisk"
)

// spot is a kind of call of a kind of file in a step of the script.
type spot struct {
	step, file string
	op         memdisk.Op
}

func (s spot) String() string { return fmt.Sprintf("%s: %s of %s", s.step, s.op, s.file) }

// shortage is a fault: from the n-th call of a spot on fails that call, or all as long as the step takes.
type shortage struct {
	spot
	errno   syscall.Errno
	n       int
	lasting bool
}

func (s shortage) String() string {
	return fmt.Sprintf("%v: %v from call %d on, lasting %t", s.spot, s.errno, s.n, s.lasting)
}

// recorder counts the calls of a disk, and lets one fail.
type recorder struct {
	mu    sync.Mutex
	step  string
	calls map[spot]int
	fault *shortage
	hits  int
}

func (r *recorder) watch(c memdisk.Call) syscall.Errno {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := spot{r.step, fileKind(c.Name), c.Op}
	r.calls[at]++
	f := r.fault
	if f == nil || f.spot != at || r.calls[at] < f.n || r.hits > 0 && !f.lasting {
		return 0
	}
	r.hits++
	return f.errno
}

// begin starts a step, in which a fault is to be when it is not nil.
func (r *recorder) begin(step string, fault *shortage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step, r.fault, r.hits, r.calls = step, fault, 0, map[spot]int{}
}

// end ends the step, and returns what calls there were, and how many have failed.
func (r *recorder) end() (calls map[spot]int, hits int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls, r.calls, r.fault, r.step = r.calls, map[spot]int{}, nil, ""
	return calls, r.hits
}

// fileKind is the name without the number of a file, if it has one.
func fileKind(name string) string {
	if ext := filepath.Ext(name); slices.Contains([]string{".mem", ".sst", ".vlog"}, ext) {
		return ext
	}
	return name
}

// usedRun is a run of a worker on a disk, some calls of which fail.
type usedRun struct {
	t       *testing.T
	calls   *recorder
	disk    *memdisk.Disk
	dir     string
	unmount func()
	child   *child
	opened  bool
	next    int
	// sure are the batches that were acknowledged, doubtful those of which that is not known.
	sure     []int
	doubtful map[int]bool
	// counts are the calls that were made at each spot.
	counts map[spot]int
}

func newUsedRun(t *testing.T) *usedRun {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a disk of its own")
	}
	r := &usedRun{t: t, calls: &recorder{calls: map[spot]int{}}, disk: memdisk.New(), dir: t.TempDir(), doubtful: map[int]bool{},
		counts: map[spot]int{}}
	r.disk.Watch(r.calls.watch)
	r.start()
	return r
}

func (r *usedRun) start() {
	r.unmount = r.disk.Mount(r.t, r.dir)
	r.child = startChild(r.t, filepath.Join(r.dir, "db"))
	r.t.Cleanup(r.child.kill)
	r.opened = false
}

// restart kills the worker, and lets the kernel forget what it has of the disk.
func (r *usedRun) restart() {
	r.child.kill()
	r.unmount()
	r.start()
}

// do gives an order, and reports a worker that has died.
func (r *usedRun) do(what string) outcome {
	o := order{Do: what}
	if what == "commit" || what == "rotate" {
		r.next++
		o.Batch = r.next
		r.doubtful[o.Batch] = true
	}
	result, err := r.child.do(o)
	if err != nil {
		_ = r.child.cmd.Wait()
		r.t.Fatalf("%s: the process has ended: %v\n%s\nthat was with %v", what, err, r.child.stderr.said, r.calls.fault)
	}
	if what == "close" {
		r.opened = false
	}
	if result.Kind == "" {
		switch what {
		case "open":
			r.opened = true
		case "commit", "rotate":
			r.sure = append(r.sure, o.Batch)
			delete(r.doubtful, o.Batch)
		}
	}
	return result
}

// must gives an order that has to succeed.
func (r *usedRun) must(what string) outcome {
	r.t.Helper()
	result := r.do(what)
	if result.Kind != "" {
		r.t.Errorf("%s: %s: %s", what, result.Kind, result.Error)
	}
	return result
}

// check compares the rows with what was committed.
func (r *usedRun) check() {
	r.t.Helper()
	rows := r.must("read").Rows
	for _, n := range r.sure {
		if have := r.has(rows, n); have != small && have != large {
			r.t.Errorf("batch %d was acknowledged, and %d rows of it are there", n, have)
		}
	}
	for n := range r.doubtful {
		if have := r.has(rows, n); have != 0 && have != small && have != large {
			r.t.Errorf("%d rows of batch %d are there", have, n)
		}
	}
}

// has counts the rows of a batch that are there.
func (r *usedRun) has(rows map[string]string, n int) (have int) {
	for _, size := range []int{small, large} {
		for _, row := range numbered(n, size).Puts {
			if rows[string(row.Key)] == hashOf(row.Value) {
				have++
			}
		}
	}
	return have
}

// steps are the orders that fail in turn. The orders that each needs before it are given without a fault.
var steps = []string{"open", "commit", "reclaim", "rotate", "close"}

// play does a step with a fault in it, and sees that the store comes through. Without one it counts the calls of the step.
func (r *usedRun) play(step string, fault *shortage) {
	r.t.Helper()
	if step == "open" {
		if r.opened {
			r.must("close")
		}
	} else {
		if !r.opened {
			r.must("open")
		}
		r.must("commit")
	}
	r.calls.begin(step, fault)
	result := r.do(step)
	var later outcome
	if fault != nil && r.opened && step != "close" {
		later = r.do("commit")
	}
	calls, hits := r.calls.end()
	if fault == nil {
		maps.Copy(r.counts, calls)
		if result.Kind != "" {
			r.t.Fatalf("%s: %s", step, result.Error)
		}
		return
	}
	r.judge(step, *fault, result)
	r.judge(step, *fault, later)
	if hits > 0 {
		r.recover()
	}
}

// judge looks at how an order went while calls failed: it may have succeeded all the same, or failed for what is used up. Of a log that
// could not be written it is not known what is on disk, which is an error of another kind.
func (r *usedRun) judge(step string, fault shortage, got outcome) {
	r.t.Helper()
	logs := fault.file == ".mem" || fault.file == ".vlog" || fault.op == memdisk.Fsyncdir || fault.op == memdisk.Readdir
	switch got.Kind {
	case "", "exhausted", "no space":
	case "other":
		if !logs {
			r.t.Errorf("%s: %s", step, got.Error)
		}
	default:
		r.t.Errorf("%s: %s: %s", step, got.Kind, got.Error)
	}
}

// recover sees that all goes on when nothing fails any more: at once, or after some seconds, or, where it is not known what is on disk,
// after a restart.
func (r *usedRun) recover() {
	r.t.Helper()
	if !r.opened {
		r.must("open")
	}
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for limit := time.After(hang); r.opened; {
		result := r.do("commit")
		if result.Kind == "" {
			r.check()
			return
		}
		if result.Kind == "other" {
			r.restart()
			r.must("open")
		}
		select {
		case <-limit:
			r.t.Fatalf("nothing fails any more, but writes still do: %s: %s", result.Kind, result.Error)
		case <-retry.C:
		}
	}
	r.t.Fatal("the store does not open any more")
}

// TestUsedUp has calls of Badger's files fail, once or until the step ends, since descriptors, memory or a quota are used up. Orders
// fail as exhausted, or for want of space. Nothing acknowledged is lost, no process ends, nothing is called damaged, and all goes on
// afterwards. Some kinds of calls are drawn; with PFSD_FULL each fails, in all steps, with all errors.
func TestUsedUp(t *testing.T) {
	random := harness.Rand(harness.Seed(t))
	r := newUsedRun(t)
	counts := r.count()
	for _, s := range chosen(random, counts) {
		for _, errno := range errnos(random) {
			f := shortage{s, errno, 1 + random.IntN(counts[s]), random.IntN(2) == 0}
			r.play(s.step, &f)
			if t.Failed() {
				t.Fatalf("that was with %v", f)
			}
		}
	}
	if r.opened {
		r.must("close")
	}
	r.must("open")
	r.must("verify")
	r.check()
	r.must("close")
}

// count does all steps and returns what calls there are in each.
func (r *usedRun) count() map[spot]int {
	total := 0
	for range 2 { // in a new store, and in one that is there
		for _, step := range steps {
			r.play(step, nil)
		}
	}
	maps.DeleteFunc(r.counts, func(s spot, _ int) bool { return left(s) })
	for _, n := range r.counts {
		total += n
	}
	r.t.Logf("%d calls, at %d spots", total, len(r.counts))
	return r.counts
}

// left reports whether a spot is one of those at which Badger cannot be helped: DESIGN.md, section 8, says why.
func left(s spot) bool {
	mapped := s.file == ".sst" || s.file == ".mem" || s.file == ".vlog" || s.file == "DISCARD"
	switch {
	case mapped && s.op == memdisk.Read:
		return true // A page of a mapped file that cannot be read ends the process.
	case s.file == ".sst" && s.op != memdisk.Unlink:
		return true // Badger takes a table that a merge cannot make for one without rows.
	case s.file == badger.ManifestFilename && (s.op == memdisk.Write || s.op == memdisk.Fsync):
		return true // Badger removes a table that it has listed, or goes on with a list that lacks one.
	}
	// When the directory cannot be listed, or the statistics of the value log opened, Badger ends the process.
	return s.op == memdisk.Opendir || s.op == memdisk.Readdir || s.file == "DISCARD" && s.step == "open"
}

// drawn is how many spots are tried in a short run.
const drawn = 14

// chosen returns all spots in a full run. In a short run it returns some, no two of them the same kind of call of the same kind of file.
func chosen(random *rand.Rand, counts map[spot]int) []spot {
	spots := slices.SortedFunc(maps.Keys(counts), func(a, b spot) int { return strings.Compare(a.String(), b.String()) })
	if harness.Full() {
		return spots
	}
	random.Shuffle(len(spots), func(i, j int) { spots[i], spots[j] = spots[j], spots[i] })
	slices.SortStableFunc(spots, func(a, b spot) int { // A rotation takes longest: where another step has the call, that is taken.
		return strings.Compare(a.step[:1], b.step[:1])
	})
	seen := map[spot]bool{}
	spots = slices.DeleteFunc(spots, func(s spot) bool {
		sort := spot{"", s.file, s.op}
		again := seen[sort]
		seen[sort] = true
		return again
	})
	random.Shuffle(len(spots), func(i, j int) { spots[i], spots[j] = spots[j], spots[i] })
	return spots[:min(drawn, len(spots))]
}

// errnos returns the errors that are tried at a spot: one, or all.
func errnos(random *rand.Rand) []syscall.Errno {
	all := []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EDQUOT}
	if harness.Full() {
		return all
	}
	return all[random.IntN(len(all)):][:1]
}
