// Package s3 serves a pfs.Store to S3 clients: every branch of a repo is a bucket named BRANCH.REPO, every commit and tag a
// read-only one, and the commit that last changed a key is its version id.
//
// # How a request is handled
//
// ServeHTTP gives the request its id, keeps web pages out when there are no keys, finds the one operation in the table of
// route.go that the method, the path and the sub-resources in the query name, checks the signature and runs the operation's
// handler. A sub-resource that is not in the table is answered 501, never taken for the plain operation. A handler either
// answers or returns an error; errors are turned into XML, and the request is logged, in one place each.
//
// # Writes
//
// A handler checks all that can be checked before it reads the body, so that a client which waits for "100 Continue" need
// not send it in vain. The body is streamed into the store, verified at its end, and only then linked, in one Update that
// also checks the request's conditions, so that they hold at the moment of the change. A body that turns out to be wrong
// or short leaves nothing behind.
package s3
