package fsys

import (
	"time"

	"pfsd/pfs"
)

// maxUnlinked is how old a written byte gets before it is linked though its file is still open, and maxUnlinkedMapped one that a
// mapping wrote: the kernel has held it back for some 30 seconds already.
const (
	maxUnlinked       = 30 * time.Second
	maxUnlinkedMapped = 2 * time.Second
)

// linkPeriodically links what no close(2) will link: what mappings have written after it, what failed then, and what has
// been written long ago to a file that stays open.
func (m *mount) linkPeriodically() {
	ticker := time.NewTicker(m.cfg.LinkEvery)
	defer ticker.Stop()
	failures := make(map[*inode]pfs.Kind)
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-ticker.C:
			m.linkDue(failures)
		}
	}
}

// linkDue links what is due. failures are those of the last time, so that each is logged once.
func (m *mount) linkDue(failures map[*inode]pfs.Kind) {
	now := m.now()
	all := m.dirty.all()
	for _, n := range all {
		d := n.data.Load()
		if d == nil {
			m.clean(n)
			continue
		}
		if !d.isDue(now) && m.isOpenForWriting(n) {
			continue
		}
		err := m.link(n)
		if kind := pfs.KindOf(err); kind != failures[n] {
			m.logLink(n, err)
			failures[n] = kind
		}
		if err == nil {
			delete(failures, n)
			m.idle(n)
		}
	}
	if len(all) == 0 {
		clear(failures)
	}
}

// isDue reports whether what is not linked has waited long enough for the file to be closed; nothing has.
func (d *fileData) isDue(now int64) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	age := time.Duration(now - d.since)
	return d.version == d.linked || age >= maxUnlinked || d.mapped && age >= maxUnlinkedMapped
}

func (m *mount) logLink(n *inode, err error) {
	if err != nil {
		path, _ := m.table.path(n)
		m.log.Error("written bytes could not be linked, and this is tried again", "path", path, "error", err)
		m.noteError(err)
	}
}

func (m *mount) isOpenForWriting(n *inode) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.writers > 0
}
