package pack

import (
	"io"
)

// FS is the directory that packs live in: a real one (Dir) or a simulated one (Memory). All methods may be called
// concurrently.
type FS interface {
	// Create makes a new file, to be read and written. It fails when the name exists.
	Create(name string) (File, error)
	// Open opens an existing file for reading.
	Open(name string) (File, error)
	// List returns all files, in any order.
	List() ([]FileInfo, error)
	// Remove deletes a file.
	Remove(name string) error
	// Sync makes the names that were created and removed so far durable.
	Sync() error
	// Free returns how many bytes can still be written.
	Free() (int64, error)
}

// File is an open file. ReadAt and WriteAt may be called concurrently. A File that is an *os.File can be sent by the
// kernel without a copy; see Store.Section.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Sync makes all that was written, and the size, durable.
	Sync() error
	// Close releases the file. It syncs nothing.
	Close() error
}

// FileInfo is one file of an FS.
type FileInfo struct {
	Name string
	// Size in bytes.
	Size int64
}
