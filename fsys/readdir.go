package fsys

import (
	"slices"
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// dirHandles are the open directories of a mount.
type dirHandles struct {
	// mu guards the map; nothing else is locked while it is held.
	mu   sync.Mutex
	open map[uint64]*dirHandle
	last uint64
}

func (s *dirHandles) add(h *dirHandle) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[uint64]*dirHandle)
	}
	s.last++
	s.open[s.last] = h
	return s.last
}

func (s *dirHandles) get(id uint64) *dirHandle {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[id]
}

func (s *dirHandles) remove(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}

// dirHandle is an open directory. It lists the directory as it was when it was read from its beginning, whatever changes
// meanwhile, so that each position means the same entry as long as it is not rewound. Positions count entries, the
// directory itself and its parent being the first two.
type dirHandle struct {
	dir *inode

	// mu guards what follows, and is held for a whole request: the kernel sends one at a time.
	mu   sync.Mutex
	view view
	path string
	// own and foreign are the mount's counts of changes at the beginning.
	own, foreign uint64
	// private are the entries that this mount alone had, sorted; they come before those of the store.
	private []string
	// marks are where requests have begun: positions, ascending, and the keys to list from.
	marks []mark
}

// mark says that the entry at a position is the first of the store's whose sort key is not before key.
type mark struct {
	position uint64
	key      string
}

// dots are the two entries that every directory has.
const dots = 2

// OpenDir opens a directory.
func (m *mount) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	dir := m.node(&in.InHeader)
	switch {
	case dir == nil:
		return fuse.ENOENT
	case dir.kind != pfs.EntryDir:
		return fuse.ENOTDIR
	}
	out.Fh = m.dirs.add(&dirHandle{dir: dir})
	if m.readOnly() {
		out.OpenFlags = fuse.FOPEN_CACHE_DIR | fuse.FOPEN_KEEP_CACHE
	}
	return fuse.OK
}

// ReleaseDir closes a directory.
func (m *mount) ReleaseDir(in *fuse.ReleaseIn) {
	m.ops.count(in.Opcode)
	m.dirs.remove(in.Fh)
}

// ReadDir lists names.
func (m *mount) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return m.readDir(in, func(_ *dirHandle, e fuse.DirEntry, _ *pfs.Entry) (bool, error) {
		return out.AddDirEntry(e), nil
	})
}

// ReadDirPlus lists names with what a lookup of each would answer.
func (m *mount) ReadDirPlus(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return m.readDir(in, func(h *dirHandle, e fuse.DirEntry, stored *pfs.Entry) (bool, error) {
		if e.Off <= dots {
			return out.AddDirLookupEntry(e) != nil, nil
		}
		asked := m.begin()
		n, err := m.lookupListed(h, asked, e.Name, stored)
		if err != nil {
			return false, err
		}
		if n != nil {
			e.Ino = n.number
		}
		at := out.AddDirLookupEntry(e)
		switch {
		case n != nil && at != nil:
			m.reply(n, asked, at)
		case n != nil:
			m.table.forget(n.id, 1)
		}
		return at != nil, nil
	})
}

// lookupListed returns the inode at a listed name, with one lookup counted; nil when it is not there any more, whereupon the
// kernel looks for itself if it wants to know.
func (m *mount) lookupListed(h *dirHandle, asked fresh, name string, stored *pfs.Entry) (*inode, error) {
	if stored != nil && h.own == m.own.Load() && h.foreign == uint64(asked) && h.own%2 == 0 {
		// Nothing has changed since the listing began, so that what it says is what a lookup would find.
		if n, entered := m.table.enter(h.dir, name, newInode(stored)); entered {
			return n, nil
		}
	}
	return m.resolve(h.dir, name)
}

// readDir lists a directory from a position on, until add says that there is no more room.
func (m *mount) readDir(in *fuse.ReadIn, add func(h *dirHandle, e fuse.DirEntry, stored *pfs.Entry) (bool, error)) fuse.Status {
	m.ops.count(in.Opcode)
	h := m.dirs.get(in.Fh)
	if h == nil {
		return fuse.EBADF
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if in.Offset == 0 || h.marks == nil {
		if err := m.rewind(h); err != nil {
			return m.fail("readdir", err)
		}
	}
	err := h.each(m, in.Offset, add)
	if isAbsent(err) || pfs.KindOf(err) == pfs.KindNotDir {
		err = nil // A directory that was removed lists nothing.
	}
	return m.failed("readdir", err)
}

// rewind makes h list the directory as it is now.
func (m *mount) rewind(h *dirHandle) (err error) {
	h.own, h.foreign = m.own.Load(), m.foreign.Load()
	// The private names first: one that is linked between the two is in both, and is left out once.
	h.private = nil
	for name := range m.table.private(h.dir) {
		h.private = append(h.private, name)
	}
	slices.Sort(h.private)
	if h.view, err = m.snapshot(); err != nil {
		return err
	}
	path, ok := m.table.path(h.dir)
	if !ok || !m.table.isAttached(h.dir) {
		h.view = view{}
	}
	h.path = path
	h.marks = []mark{{position: uint64(dots + len(h.private))}}
	return nil
}

// each calls add for the entries from a position on.
func (h *dirHandle) each(m *mount, from uint64, add func(*dirHandle, fuse.DirEntry, *pfs.Entry) (bool, error)) error {
	position := from
	for ; position < uint64(dots+len(h.private)); position++ {
		more, err := add(h, h.first(m, position), nil)
		if err != nil || !more {
			return err
		}
	}
	at := h.markFor(position)
	index := at.position
	for e, err := range h.view.list(m.ctx, h.path, at.key) {
		if err != nil {
			return err
		}
		if _, twice := slices.BinarySearch(h.private, e.Name); twice {
			continue
		}
		if index++; index <= position {
			continue
		}
		h.mark(index-1, e.SortKey(), index-1 == position)
		more, err := add(h, fuse.DirEntry{Name: e.Name, Mode: modeOf(e.Kind), Ino: m.table.number(h.dir, e.Name), Off: index}, &e)
		if err != nil {
			return err
		}
		if !more {
			h.mark(index-1, e.SortKey(), true)
			return nil
		}
	}
	return nil
}

// first returns one of the entries that come before those of the store.
func (h *dirHandle) first(m *mount, position uint64) fuse.DirEntry {
	e := fuse.DirEntry{Mode: fuse.S_IFDIR, Ino: h.dir.id, Off: position + 1}
	switch position {
	case 0:
		e.Name = "."
	case 1:
		e.Name, e.Ino = "..", m.table.parentNumber(h.dir)
	default:
		e.Name, e.Mode = h.private[position-dots], fuse.S_IFREG
		e.Ino = m.table.number(h.dir, e.Name)
	}
	return e
}

// markFor returns the last mark that is not behind a position.
func (h *dirHandle) markFor(position uint64) mark {
	i, found := slices.BinarySearchFunc(h.marks, position, func(m mark, p uint64) int {
		switch {
		case m.position < p:
			return -1
		case m.position > p:
			return 1
		}
		return 0
	})
	if !found {
		i--
	}
	return h.marks[max(i, 0)]
}

// mark remembers where an entry is, if wanted, so that a later request can begin there.
func (h *dirHandle) mark(position uint64, key string, wanted bool) {
	if last := h.marks[len(h.marks)-1]; wanted && position > last.position {
		h.marks = append(h.marks, mark{position, key})
	}
}
