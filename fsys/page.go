package fsys

import (
	"cmp"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"pfsd/pfs"
)

// page is an inode that is no part of any version: a directory in which versions, or other pages, are found, or a text about
// a mount. It never changes.
type page struct {
	id uint64
	// number is the inode number, below ownNumbers; 0 for the id.
	number uint64
	mode   uint32
	// dir is what is in a directory, text what is in a text; one of them is set.
	dir  pageDir
	text func() (string, error)
	// parts are pages that go with this one.
	parts []*page
}

// pageDir is what is in a directory that is a page. Its methods may be called concurrently; errors are as the store's.
type pageDir interface {
	// lookup returns what is at a name; the zero found when nothing is.
	lookup(name string) (found, error)
	// list returns the names that are listed, which need not be all.
	list() ([]fuse.DirEntry, error)
}

// arranger is a pageDir in which names can be made and removed.
type arranger interface {
	pageDir
	// make makes the directory called name.
	make(name string, owner pfs.Owner) error
	// remove removes the directory called name, which must be empty.
	remove(name string) error
	// rename moves the directory called from to a name in another directory, or this one, that must be free.
	rename(from string, toDir pageDir, to string) error
}

// found is what is at a name of a pageDir: a page or a tree, and how long the kernel may remember that.
type found struct {
	page *page
	tree *tree
	keep time.Duration
}

// pageTable is all pages of a forest, and the handles of those that are open.
type pageTable struct {
	// mu guards what follows; nothing else is locked while it is held.
	mu      sync.Mutex
	pages   map[uint64]*page
	last    uint64
	handles map[uint64]*pageHandle
	opened  uint64
}

// pageHandle is an open page. It shows what was there when it was last read from the beginning.
type pageHandle struct {
	page *page

	// mu guards what follows. It is held while the page is asked.
	mu      sync.Mutex
	entries []fuse.DirEntry
	text    string
}

// addRoot adds the directory that is the root of all.
func (s *pageTable) addRoot(dir pageDir) {
	s.add(&page{id: rootID, mode: 0o755, dir: dir})
}

// add gives a page an id, unless it has one.
func (s *pageTable) add(p *page) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages == nil {
		s.pages, s.handles = make(map[uint64]*page), make(map[uint64]*pageHandle)
	}
	if p.id == 0 {
		s.last++
		p.id = pagesNumber<<treeShift + s.last
	}
	p.number = cmp.Or(p.number, p.id)
	s.pages[p.id] = p
	return p
}

// drop lets go of a page and those that go with it.
func (s *pageTable) drop(p *page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pages, p.id)
	for _, part := range p.parts {
		delete(s.pages, part.id)
	}
}

// get returns the page with an id, nil when there is none.
func (s *pageTable) get(id uint64) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pages[id]
}

// open returns the number of a new handle of p.
func (s *pageTable) open(p *page) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	s.handles[s.opened] = &pageHandle{page: p}
	return s.opened
}

// handle returns an open handle, nil when there is none.
func (s *pageTable) handle(fh uint64) *pageHandle {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handles[fh]
}

// close ends a handle.
func (s *pageTable) close(fh uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.handles, fh)
}

// namesFrom returns the entries of a directory from a position on.
func (h *pageHandle) namesFrom(position uint64) ([]fuse.DirEntry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if position == 0 {
		listed, err := h.page.dir.list()
		if err != nil {
			return nil, err
		}
		self := fuse.DirEntry{Mode: fuse.S_IFDIR, Ino: h.page.number}
		h.entries = append([]fuse.DirEntry{self, self}, listed...)
		h.entries[0].Name, h.entries[1].Name = ".", ".."
		for i := range h.entries {
			h.entries[i].Off = uint64(i + 1)
			if h.entries[i].Ino == 0 {
				h.entries[i].Ino = fuse.FUSE_UNKNOWN_INO
			}
		}
	}
	return h.entries[min(position, uint64(len(h.entries))):], nil
}

// read returns the text from an offset on.
func (h *pageHandle) read(off uint64) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if off == 0 {
		text, err := h.page.text()
		if err != nil {
			return "", err
		}
		h.text = text
	}
	return h.text[min(off, uint64(len(h.text))):], nil
}

// pageAttr fills in what stat(2) shows of a page.
func (f *forest) pageAttr(p *page, out *fuse.Attr) {
	*out = fuse.Attr{Ino: p.number, Mode: fuse.S_IFREG | p.mode, Nlink: 1, Blksize: 4096}
	if p.dir != nil {
		out.Mode, out.Nlink, out.Size = fuse.S_IFDIR|p.mode, 2, 4096
	}
	out.Owner = fuse.Owner{Uid: f.cfg.Owner.UID, Gid: f.cfg.Owner.GID}
	out.Mtime, out.Mtimensec = splitTime(f.started)
	out.Ctime, out.Ctimensec = out.Mtime, out.Mtimensec
	out.Atime, out.Atimensec = out.Mtime, out.Mtimensec
}

// replyPage fills in the entry of a page, to be kept for some time.
func (f *forest) replyPage(p *page, keep time.Duration, out *fuse.EntryOut) {
	f.pageAttr(p, &out.Attr)
	out.NodeId, out.Generation = p.id, 1
	out.SetAttrTimeout(fixedTimeout)
	out.SetEntryTimeout(keep)
}
