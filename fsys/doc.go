// Package fsys shows a version of a repo as a directory tree, through FUSE. It knows about inodes, dentries, handles and
// errnos; of the store it uses package pfs alone.
//
// # Two steps
//
// Attach opens the kernel's end of a mount, Serve answers what comes through it. They are apart because the process that
// owns a mount, with its rights and its mount namespace, need not be the one that has the store open: the file that Attach
// returns can be sent to another process.
//
// # Where things are
//
// The names, attributes and contents of a live branch are read from a fresh pfs.Snapshot in each request. An inode holds
// what this mount has shown of one file; a regular file that is open, or was written and not linked yet, has a fileData
// that all its handles share: a base content with written ranges over it. Flush, Fsync and the passing of time fold the
// ranges into a new content and link it at the inode's path. So a writer's bytes are seen by all handles of the mount at
// once, and by everybody else when the file is closed. A file with several names is one inode, which is found, brought in
// step with the store and linked by the file's id, whichever of its names are known here.
//
// A connection to the kernel shows a forest of such mounts: the version at its root, or every branch, and those that are
// looked at below the reserved name in a root. What is between them, and no part of any version, are pages.
//
// # Caching
//
// Replies for a live branch carry long timeouts: the kernel asks once. Changes that come from elsewhere are pushed to it by
// one goroutine that reads a pfs.Watcher in order, notifies the kernel and tells the store that it has; an update through
// another door is not acknowledged before that. The kernel makes a notification about a directory wait for the lookups
// and listings in it that are under way, and drops attributes that were asked for before one. A handler never sends a
// notification nor waits for one: the kernel may hold a lock for the handler's request that the notification needs. One about
// the attributes of a file that the request has open needs none, and is the exception.
//
// The content of an inode changes only by writes that go through this mount's kernel. A path that got other content by
// another door gets a new inode, as if it had been replaced by a rename: handles on the old one keep its bytes, and the
// kernel may keep file pages across opens.
//
// # Locks
//
// In the order in which they may be taken: inode.folding, mount.paths, inode.mu, then any one of fileData.mu, table.mu and
// the small ones that are taken alone. mount.paths and inode.mu are held across Store.Apply, which only waits for the
// store's committer, and that waits for no door; they are not held while bytes are ingested.
package fsys
