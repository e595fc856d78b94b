// Package live says which content-addressed rows a garbage collection must leave alone.
//
// A collection has two phases. While it is marking, everything that can be reached from what was in use at its beginning
// is found and noted in a Set; meanwhile everything that is written, looked up or taken hold of is noted, too. While it is
// sweeping, rows that are not in the set are deleted. A Guard is the lock that both sides take: whoever is about to rely on
// a row says so by Touch before it looks whether the row is there, and the sweep asks by Claim which of some rows it may
// delete, and releases them when they are deleted. So a row is either seen before the sweep may have it, and stays, or it
// is looked for when it is gone.
package live
