package pack

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"sync"
	"syscall"
)

// Op is an operation on a Memory that a test can make fail.
type Op string

// The operations that change a Memory, make it durable, or read its files.
const (
	OpCreate  Op = "create"
	OpOpen    Op = "open"
	OpWrite   Op = "write"
	OpSync    Op = "sync"
	OpSyncDir Op = "syncdir"
	OpRemove  Op = "remove"
	OpFree    Op = "free"
	OpRead    Op = "read"
)

// Memory is an FS for tests: files in memory that are only appended to, of which a power cut keeps what was synced. All
// methods may be called concurrently.
type Memory struct {
	before func(op Op, name string) error

	// mu guards all below, and the data and synced of each file.
	mu    sync.Mutex
	files map[string]*memoryFile
	// named is what the directory was when it was last synced.
	named map[string]*memoryFile
}

type memoryFile struct {
	fs     *Memory
	name   string
	data   []byte
	synced int     // this many bytes survive a power cut
	bad    []int64 // offsets of sectors that cannot be read
}

var _ FS = (*Memory)(nil)

// NewMemory returns an empty directory. before, if it is not nil, is called ahead of each operation, with the name of the
// file or "": an error that it returns is the operation's, which then does nothing. It must not call the Memory.
func NewMemory(before func(op Op, name string) error) *Memory {
	if before == nil {
		before = func(Op, string) error { return nil }
	}
	return &Memory{before: before, files: map[string]*memoryFile{}, named: map[string]*memoryFile{}}
}

// Crash returns what a power cut now leaves: files whose names were synced, with the bytes that were, and of each file's
// n other bytes as many as keep(n) says; none when keep is nil. The Memory itself stays as it is.
func (m *Memory) Crash(keep func(n int) int) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	after := NewMemory(nil)
	for name, f := range m.named {
		n := f.synced
		if keep != nil && n < len(f.data) {
			n += keep(len(f.data) - n)
		}
		left := &memoryFile{fs: after, name: name, data: append([]byte(nil), f.data[:n]...), synced: n}
		after.files[name], after.named[name] = left, left
	}
	return after
}

// Corrupt inverts all bits of the byte at offset off of a file, if it is there.
func (m *Memory) Corrupt(name string, off int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.files[name]; f != nil && off < int64(len(f.data)) {
		f.data[off] ^= 0xff
	}
}

// Break makes the sector of the byte at offset off of a file unreadable: reads of any of it fail with EIO.
func (m *Memory) Break(name string, off int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.files[name]; f != nil {
		f.bad = append(f.bad, off/sectorSize*sectorSize)
	}
}

// Create implements FS.
func (m *Memory) Create(name string) (File, error) {
	if err := m.before(OpCreate, name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files[name] != nil {
		return nil, fmt.Errorf("create %s: %w", name, fs.ErrExist)
	}
	f := &memoryFile{fs: m, name: name}
	m.files[name] = f
	return f, nil
}

// Open implements FS.
func (m *Memory) Open(name string) (File, error) {
	if err := m.before(OpOpen, name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.files[name]; f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
}

// List implements FS.
func (m *Memory) List() ([]FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var infos []FileInfo
	for name, f := range m.files {
		infos = append(infos, FileInfo{name, int64(len(f.data))})
	}
	return infos, nil
}

// Remove implements FS.
func (m *Memory) Remove(name string) error {
	if err := m.before(OpRemove, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files[name] == nil {
		return fmt.Errorf("remove %s: %w", name, fs.ErrNotExist)
	}
	delete(m.files, name)
	return nil
}

// Sync implements FS.
func (m *Memory) Sync() error {
	if err := m.before(OpSyncDir, ""); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.named)
	for name, f := range m.files {
		m.named[name] = f
	}
	return nil
}

// Free implements FS: there is always room, unless the function given to NewMemory fails OpFree, with ErrNoSpace say.
func (m *Memory) Free() (int64, error) {
	if err := m.before(OpFree, ""); err != nil {
		return 0, err
	}
	return math.MaxInt64, nil
}

// ReadAt implements File.
func (f *memoryFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fs.before(OpRead, f.name); err != nil {
		return 0, err
	}
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if off >= int64(len(f.data)) {
		return 0, io.EOF
	}
	for _, bad := range f.bad {
		if off < bad+sectorSize && bad < off+int64(len(p)) {
			return 0, &fs.PathError{Op: "read", Path: f.name, Err: syscall.EIO}
		}
	}
	n := copy(p, f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements File, for offsets within the file and behind what was synced.
func (f *memoryFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.fs.before(OpWrite, f.name); err != nil {
		return 0, err
	}
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if off < int64(f.synced) || off > int64(len(f.data)) {
		return 0, fmt.Errorf("write %s at %d: %w", f.name, off, fs.ErrInvalid)
	}
	f.data = append(f.data[:off], p...)
	return len(p), nil
}

// Sync implements File.
func (f *memoryFile) Sync() error {
	if err := f.fs.before(OpSync, f.name); err != nil {
		return err
	}
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.synced = len(f.data)
	return nil
}

// Close implements File.
func (f *memoryFile) Close() error { return nil }
