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
// directory itself and its parent being the first two, and the others by their sort keys, so that they are the same as long
// as the names are: the kernel may have the first ones from what another handle has listed.
type dirHandle struct {
	dir *inode

	// mu guards what follows, and is held for a whole request: the kernel sends one at a time.
	mu   sync.Mutex
	view view
	path string
	// own and foreign are the mount's counts of changes at the beginning, and changes that of the directory.
	own, foreign, changes uint64
	// private are the entries that this mount alone had, sorted. All are files, whose sort keys are their names.
	private []string
	// marks are where requests have begun: positions, ascending, and the keys to list from.
	marks []mark
}

// mark says that the entry at a position is the first whose sort key is not before key.
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
	h := &dirHandle{dir: dir}
	out.Fh = m.dirs.add(h)
	out.OpenFlags = fuse.FOPEN_CACHE_DIR
	if m.readOnly() || m.isCached(h) {
		out.OpenFlags |= fuse.FOPEN_KEEP_CACHE
	}
	return fuse.OK
}

// isCached reports whether the kernel may list the directory of h from what it has cached; if so, h lists the same. If not, it
// caches anew from the first listing of h on. What it changes itself it knows, and what others change it is told, but it may
// be told just before an older listing comes to it: who has sent that looks whether it was still so.
func (m *mount) isCached(h *dirHandle) bool {
	h.changes = h.dir.changes.Load()
	if h.dir.cached.Load() != h.changes+1 {
		return false
	}
	m.paths.RLock()
	defer m.paths.RUnlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	return m.rewind(h) == nil
}

// outdated has what h has listed not be listed from the kernel's cache again if it is not so any more, which it reports.
func (h *dirHandle) outdated() bool {
	if h.changes == h.dir.changes.Load() {
		return false
	}
	h.dir.cached.Store(0)
	return true
}

// ReleaseDir closes a directory.
func (m *mount) ReleaseDir(in *fuse.ReleaseIn) {
	m.ops.count(in.Opcode)
	if h := m.dirs.get(in.Fh); h != nil && h.outdated() && !m.readOnly() {
		m.notify.listing(h.dir)
	}
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
			e.Ino = m.table.shown(n.number.Load())
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
	h.outdated()
	return m.failed("readdir", err)
}

// rewind makes h list the directory as it is now.
func (m *mount) rewind(h *dirHandle) (err error) {
	changes := h.dir.changes.Load()
	if h.marks == nil && changes == h.changes {
		h.dir.cached.Store(changes + 1) // Since it was opened, there has been nothing that the kernel could have cached wrongly.
	}
	h.own, h.foreign, h.changes = m.own.Load(), m.foreign.Load(), changes
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
	h.marks = []mark{{position: dots}}
	return nil
}

// each calls add for the entries from a position on.
func (h *dirHandle) each(m *mount, from uint64, add func(*dirHandle, fuse.DirEntry, *pfs.Entry) (bool, error)) error {
	for ; from < dots; from++ {
		if more, err := add(h, h.dot(m, from), nil); err != nil || !more {
			return err
		}
	}
	at := h.markFor(from)
	index, begun := at.position, false
	// visit is called for each entry from the mark on.
	visit := func(name, key string, mode uint32, stored *pfs.Entry) (bool, error) {
		position := index
		if index++; position < from {
			return true, nil
		}
		h.mark(position, key, !begun)
		begun = true
		more, err := add(h, fuse.DirEntry{Name: name, Mode: mode, Ino: m.table.listed(h.dir, name, stored), Off: index}, stored)
		if err == nil && !more {
			h.mark(position, key, true)
		}
		return more, err
	}
	private, _ := slices.BinarySearch(h.private, at.key)
	// visitPrivate is called for those before a key; all, when there is none.
	visitPrivate := func(key string) (bool, error) {
		for ; private < len(h.private) && (key == "" || h.private[private] < key); private++ {
			name := h.private[private]
			if more, err := visit(name, name, fuse.S_IFREG, nil); err != nil || !more {
				return false, err
			}
		}
		return true, nil
	}
	for e, err := range h.view.list(m.ctx, h.path, at.key) {
		if isAbsent(err) || pfs.KindOf(err) == pfs.KindNotDir {
			break // A directory that was removed has what this mount alone has there.
		}
		if err != nil {
			return err
		}
		if _, twice := slices.BinarySearch(h.private, e.Name); twice {
			continue
		}
		more, err := visitPrivate(e.SortKey())
		if err == nil && more {
			more, err = visit(e.Name, e.SortKey(), modeOf(e.Kind), &e)
		}
		if err != nil || !more {
			return err
		}
	}
	_, err := visitPrivate("")
	return err
}

// dot returns one of the first two entries.
func (h *dirHandle) dot(m *mount, position uint64) fuse.DirEntry {
	if position == 0 {
		return fuse.DirEntry{Name: ".", Mode: fuse.S_IFDIR, Ino: m.table.shown(h.dir.number.Load()), Off: 1}
	}
	return fuse.DirEntry{Name: "..", Mode: fuse.S_IFDIR, Ino: m.table.parentNumber(h.dir), Off: dots}
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
