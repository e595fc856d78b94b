package fsys

import (
	"maps"

	"pfsd/pfs"
)

// outcome says what became of an attempt to link a file.
type outcome int

const (
	// outcomeLinked: its path shows it.
	outcomeLinked outcome = iota
	// outcomeGone: its path was removed, and stays so.
	outcomeGone
)

// link makes what was written to n visible to everybody, at the path where n is. It may be called at any time and any
// number of times; when it fails, everything stays as it was and it can be tried again.
func (m *mount) link(n *inode) error {
	n.folding.Lock()
	defer n.folding.Unlock()
	d := n.data.Load()
	if d == nil {
		return nil
	}
	if !m.hasChanges(n) {
		m.clean(n)
		return nil
	}
	content, version, err := m.foldData(d, false)
	if err != nil {
		return err
	}
	if err := m.linkContent(n, d, content); err != nil {
		return err
	}
	if !m.isDeleted(n) {
		d.settle(version, m.now())
	}
	m.clean(n)
	return nil
}

// hasChanges reports whether n has anything that can still be linked.
func (m *mount) hasChanges(n *inode) bool {
	d := n.data.Load()
	return d != nil && d.changed() && !m.isDeleted(n)
}

// clean takes n from what is to be linked if there is nothing. Who changes it adds it after that, so that a change that comes
// between the look and the removal is seen by looking once more.
func (m *mount) clean(n *inode) {
	if m.hasChanges(n) {
		return
	}
	m.dirty.remove(n)
	if m.hasChanges(n) {
		m.dirty.add(n)
	}
}

func (m *mount) isDeleted(n *inode) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.deleted
}

// linkContent gives the entry at n's path a content, making the entry if n has never had one.
func (m *mount) linkContent(n *inode, d *fileData, content pfs.Content) error {
	m.paths.RLock()
	defer m.paths.RUnlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.link.IsZero() {
		return m.linkShared(n, d, content)
	}
	path, ok := m.table.path(n)
	if !ok || n.deleted {
		m.loseLocked(n)
		return nil
	}
	next, lost, who := n.written(d, content)
	var result outcome
	var entry pfs.Entry
	err := m.change(who, func(tx *pfs.Tx) (err error) {
		result, err = linkAt(tx, path, next, linking{isNew: !n.linked.Load(), named: n.parent.named.Load(), lost: lost})
		if err == nil && result == outcomeLinked {
			entry, err = tx.Stat(path)
		}
		return err
	})
	switch {
	case isAbsent(err):
		m.loseLocked(n) // The branch is deleted; a new one of its name must not get the file.
		return err
	case err != nil:
		return err
	case result == outcomeGone:
		m.loseLocked(n)
		return nil
	}
	replaced := !m.table.isAttached(n)
	n.linked.Store(true)
	n.adoptLocked(&entry)
	m.unreserve(n)
	if replaced {
		m.table.retake(n)
		m.notify.entry(n.parent, n.name)
	}
	if !entry.Link.IsZero() {
		m.succeeded(m.table.prevail(n, entry.Link)) // It has got other names meanwhile.
	}
	return nil
}

// succeeded has the kernel look anew at names that another inode had.
func (m *mount) succeeded(places []place) {
	for _, p := range places {
		m.notify.entry(p.dir, p.name)
	}
}

// linkShared gives a file that has several names, or had, a content. The caller holds m.paths and n.mu.
func (m *mount) linkShared(n *inode, d *fileData, content pfs.Content) error {
	next, lost, who := n.written(d, content)
	var entry pfs.Entry
	err := m.change(who, func(tx *pfs.Tx) error {
		err := tx.EditLink(n.link, func(e *pfs.Entry) error {
			rewrite(e, &next)
			e.Mode &^= lost
			return nil
		})
		if err == nil {
			entry, err = tx.StatLink(n.link)
		}
		return err
	})
	if isAbsent(err) {
		m.loseLocked(n) // Its last name has gone.
		return nil
	}
	if err != nil {
		return err
	}
	n.adoptLocked(&entry)
	m.succeeded(m.table.succeed(n))
	return nil
}

// written returns n as an entry with new content, the bits of its mode that writes have taken away, and who has written. The caller
// holds n.mu.
func (n *inode) written(d *fileData, content pfs.Content) (e pfs.Entry, lost uint32, who users) {
	e = n.entryLocked()
	e.Content = content
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.touched {
		e.Mtime, e.Ctime = d.mtime, d.ctime
	}
	return e, d.lost, d.writersLocked()
}

// linking is how a written file is linked at its path.
type linking struct {
	// isNew is set for one of which the store does not know yet.
	isNew bool
	// named is when a name last came to its directory in this mount alone; 0 when none has since the directory's time was set.
	named int64
	// lost are the bits of its mode that writes have taken away.
	lost uint32
}

// linkAt puts a written file at path: as a new entry, or as the content of the file that is there, whoever put it there
// last. A path that is not there any more, or is something else, has been removed by somebody.
func linkAt(tx *pfs.Tx, path string, next pfs.Entry, how linking) (outcome, error) {
	had, err := tx.Stat(path)
	switch {
	case isAbsent(err) && how.isNew:
		err = tx.CreateNamed(path, next, how.named)
		if isAbsent(err) || pfs.KindOf(err) == pfs.KindNotDir {
			return outcomeGone, nil
		}
		return outcomeLinked, err
	case isAbsent(err):
		return outcomeGone, nil
	case err != nil:
		return 0, err
	case had.Kind != pfs.EntryFile:
		return outcomeGone, nil
	}
	return outcomeLinked, tx.Edit(path, func(e *pfs.Entry) error {
		rewrite(e, &next)
		if how.isNew {
			e.Mode, e.UID, e.GID, e.Meta = next.Mode, next.UID, next.GID, next.Meta
		}
		e.Mode &^= how.lost
		return nil
	})
}

// rewrite gives e the content and times of next. What was said about the old bytes by those who sent them is dropped.
func rewrite(e, next *pfs.Entry) {
	if e.Content != next.Content && e.Meta != nil {
		meta := *e.Meta
		meta.Checksums, meta.User = nil, maps.Clone(meta.User)
		for _, digest := range []string{"md5chksum", "s3cmd-attrs"} {
			delete(meta.User, digest)
		}
		e.Meta = &meta
	}
	e.Content, e.Mtime, e.Ctime = next.Content, next.Mtime, next.Ctime
}
