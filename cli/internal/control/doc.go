// Package control is the one way in which commands reach the store: a set of named operations over HTTP, served by the
// host of the store and called by every command. Where there is no host, the command that opened the store calls the
// same handler within its own process, so that "beside a daemon" and "alone" are one path through the code.
//
// An operation is a POST to its name with a JSON request as the body. What it answers is one JSON value; or a list, one
// JSON object a line (see line), with a last line that tells whether the list is whole; or files with their bytes (see
// PartWriter). An error before the first byte is an HTTP status over 399 with a JSON Fault.
//
// The caller has been let in by the socket: what it asks for is done with the rights of the host.
package control
