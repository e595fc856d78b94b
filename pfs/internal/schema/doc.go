// Package schema holds the nouns of the store and their bytes on disk: FORMAT.md in the root of the project says the
// same in prose. Decoders never panic, whatever the bytes; what they accept encodes to the same bytes again.
package schema
