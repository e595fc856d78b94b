// Package cli is the command line of pfsd: flags, wiring, signals and what people see. It holds no logic of the store, of
// S3 or of mounts. It is the only package that reads the clock and asks the system for randomness.
package cli
