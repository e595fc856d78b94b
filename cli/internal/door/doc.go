// Package door keeps the doors to a store that are open: S3 endpoints and mounts.
//
// A door has an owner, the process that made its kernel object (a TCP listener, or a mounted FUSE connection) with its own
// rights and in its own namespaces, and a host, the process that has the store and serves that object. They may be one
// process. Where they are two, the owner passes the descriptor over a connection to the host, and the door is open as long
// as that connection lives: whichever process dies, the other one knows at once.
package door
