package fsys

import "testing"

// TestHeldNames takes names at, below and beside a path that somebody holds: the first two are given when it is free again.
func TestHeldNames(t *testing.T) {
	names := NewNames()
	free := names.hold(promise{master, "dir"})
	if !names.take(promise{master, "dirt"}, &inode{}) {
		t.Error("a name beside it is not given")
	}
	given := make(chan bool)
	for _, path := range []string{"dir", "dir/below/file"} {
		go func() { given <- names.take(promise{master, path}, &inode{}) }()
	}
	if names.anyBelow(promise{master, "dir"}) {
		t.Error("a name below it was given")
	}
	free()
	for range 2 {
		if !<-given {
			t.Error("a name that is free again is not given")
		}
	}
	if !names.anyBelow(promise{master, "dir"}) {
		t.Error("the name below it is not promised")
	}
}
