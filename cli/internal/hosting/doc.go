// Package hosting decides which process holds the store of a data directory, and connects all others to it.
//
// The store can be open in one process at a time: the host. To host, a process takes flock(2) on host.lock in the data
// directory; the kernel lets go of it when the process dies, however it dies. Only the holder of the lock touches the Unix
// socket beside it. Everyone else is a guest of the host through that socket. Join is the one place where a process
// becomes either.
//
// A connection to the socket begins with a line each way (see greeting), which carries the version of the protocol and
// says what the connection is for. "join", or "stay" for a guest with doors, lasts as long as the guest does: its end tells
// either side that the other has gone. "call" is one operation of package control, over HTTP. "door" is a door of the
// guest (package door).
//
// A short command that finds no host is one while it runs, for the commands beside it, but takes no doors: they would go
// with it. It stays until its guests are done.
package hosting
