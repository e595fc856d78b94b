package pfs

import (
	"context"
	"sync"
)

// Ref is the address of the branch, or open commit, that is watched. It changes when that, its branch or its repo is
// renamed: the watcher stays with what it watches.
func (w *Watcher) Ref() Ref {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ref
}

// Settle returns when all events of the changes that were visible when it was called have been acted on, or the watcher has
// been closed, or with the context's error. It must not be called by who acts on them.
func (w *Watcher) Settle(ctx context.Context) error {
	reached := make(chan struct{})
	w.add(&Event{settled: sync.OnceFunc(func() { close(reached) })})
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		return wrap("pfs.Settle", ctx.Err(), "", "")
	}
}

// move has the watchers of a branch watch it under the name that it has got. They are told by an event, which nobody waits
// for. Readers find the branch under its new name by the time that Ref returns that.
func (set *watchers) move(from, to *branch) {
	set.mu.Lock()
	defer set.mu.Unlock()
	old, now := from.key(), to.key()
	moved := set.of[old]
	if old != now {
		delete(set.of, old)
		set.of[now] = append(set.of[now], moved...)
	}
	for _, w := range moved {
		w.mu.Lock()
		w.key, w.ref = now, to.ref()
		w.mu.Unlock()
		w.add(&Event{Renamed: true})
	}
}

// key is that of a branch's watchers.
func (b *branch) key() branchKey { return branchKey{b.repo.name, b.name} }

// ref is the address of a branch or of the workspace of an open commit.
func (b *branch) ref() Ref {
	if b.open != nil {
		return Ref{Repo: b.repo.name, Name: b.open.branch, Commit: b.open.id}
	}
	return BranchRef(b.repo.name, b.name)
}
