// Package guard has mounts fail whose server was killed and is kept by the kernel.
//
// A thread that tells the kernel of a changed name waits there, where no signal reaches it, for the lock of the directory. A
// request of the same mount may hold that lock. When the server is killed at that instant, the request is never answered, the
// thread never ends, and neither do the table of descriptors that it shares, the connection, and all who wait for either: the
// users of the mount, and who was to take the store over. Somebody else has to abort the connection: a small process which
// the server starts beside itself, and which the kernel signals when the server is killed.
package guard
