package pfs

import (
	"cmp"
	"container/heap"
	"iter"
	"strings"

	"pfsd/pfs/internal/schema"
)

// entryState is what is known of a path at one time.
type entryState uint8

const (
	stateUnknown entryState = iota
	// stateFile: a regular file is there.
	stateFile
	// stateOther: nothing is there, or something else.
	stateOther
	// stateLink: a name of something that has several is there.
	stateLink
)

func stateOf(kind schema.Kind) entryState {
	switch kind {
	case schema.KindFile:
		return stateFile
	case schema.KindLink:
		return stateLink
	}
	return stateOther
}

// age is where a change stands in a history: the number of its line, counted from 1 for that of the head, and its place
// there. The zero age is that of what is pending.
type age struct {
	line int
	seq  uint64
}

// newer reports whether a change of age a was made after one of age b, and not by the same commit.
func (a age) newer(b age) bool {
	return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(b.seq, a.seq)) < 0
}

// pathEvent is a change of the entry at a path. Those of one path and age are one change.
type pathEvent struct {
	path   string
	age    age
	commit schema.ID
	// is and was are what the path has after and before it.
	is, was entryState
	// subtree is set on what is no event itself, but changed the directory at path as a whole: what is below comes behind it.
	subtree *schema.SubtreeRecord
	// content and detail are what the row says, if there is one.
	content schema.Content
	detail  *schema.PathDetail
	linked  bool
	latest  bool
}

// eventQueue is a heap of sources by the event that each comes to next: in order of paths, and those of one path newest first.
type eventQueue []*eventSource

type eventSource struct {
	event pathEvent
	next  func() (pathEvent, error, bool)
	stop  func()
}

func (q eventQueue) Len() int      { return len(q) }
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Less is of sort.Interface.
func (q eventQueue) Less(i, j int) bool {
	a, b := &q[i].event, &q[j].event
	if order := strings.Compare(a.path, b.path); order != 0 {
		return order < 0
	}
	return a.age.newer(b.age)
}

// Push is of heap.Interface.
func (q *eventQueue) Push(x any) { *q = append(*q, x.(*eventSource)) }

// Pop is of heap.Interface.
func (q *eventQueue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}

// add adds the events of a sequence, which is in order.
func (q *eventQueue) add(events iter.Seq2[pathEvent, error]) error {
	s := &eventSource{}
	s.next, s.stop = iter.Pull2(events)
	ev, err, ok := s.next()
	if err != nil || !ok {
		s.stop()
		return err
	}
	s.event = ev
	heap.Push(q, s)
	return nil
}

// advance lets a source go on to its next event, or takes it away when it has none.
func (q *eventQueue) advance(i int) error {
	ev, err, ok := (*q)[i].next()
	switch {
	case err != nil:
		return err
	case ok:
		(*q)[i].event = ev
		heap.Fix(q, i)
	default:
		heap.Remove(q, i).(*eventSource).stop()
	}
	return nil
}

// close ends all sources.
func (q *eventQueue) close() {
	for _, s := range *q {
		s.stop()
	}
}

// merged yields the changes of all sources in one order, from the place where the listing begins.
func (v *versionScan) merged() iter.Seq2[pathEvent, error] {
	return func(yield func(pathEvent, error) bool) {
		q := &eventQueue{}
		defer q.close()
		err := v.begin(q)
		var last pathEvent
		for err == nil && q.Len() > 0 {
			ev := (*q)[0].event
			if err = q.advance(0); err != nil {
				break
			}
			if ev.subtree != nil {
				err = v.open(q, ev)
				continue
			}
			twice := ev.path == last.path && ev.age == last.age && last.is != stateUnknown
			if twice || v.isPassed(ev) {
				continue
			}
			last = ev
			if !yield(ev, nil) {
				return
			}
		}
		if err != nil {
			yield(pathEvent{}, err)
		}
	}
}

// isPassed reports whether an event is before the place where the listing begins.
func (v *versionScan) isPassed(ev pathEvent) bool {
	return ev.path < v.from || ev.path == v.from && v.behind != nil && !v.behind.newer(ev.age)
}

// begin adds all sources: what is pending, and the rows of each line.
func (v *versionScan) begin(q *eventQueue) error {
	s := v.snapshot
	if !s.version.Pending.IsZero() {
		files, err := rewrittenFiles(v.ctx, v.head.view, s.view)
		if err != nil {
			return err
		}
		d := treeDiff{scan: v, change: s.version.Pending, files: files}
		if err := q.add(d.events("", v.head.root.Sub, s.view.root.Sub, d.places(&s.view.root))); err != nil {
			return err
		}
	}
	for i, l := range v.lines {
		if err := q.add(v.pathRows(i+1, l)); err != nil {
			return err
		}
		if err := q.add(v.subtreeRows(i+1, l)); err != nil {
			return err
		}
	}
	return nil
}
