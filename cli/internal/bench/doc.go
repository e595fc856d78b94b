// Package bench measures: a load is run by a number of workers for a time or a number of operations, and what comes of it
// is a rate and the percentiles of the latencies. Loads speak to an S3 endpoint, to a directory, or to the core itself, so
// that the same figures can be had from this store and from any other, and be divided by each other. The reference server
// is what a store is measured against: plain files over plain HTTP.
package bench
