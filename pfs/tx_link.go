package pfs

import (
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// Link makes to another name of what is at from, which must not be a directory. From then on a change through one name is one
// of each. The error is of KindFileNotFound or KindNotDir when from or the directory of to is not there, KindIsDir when from
// is a directory, KindNoSpace, or KindExists when to is there.
func (t *Tx) Link(from, to string) error {
	const op = "pfs.Link"
	if err := checkEntryPath(op, from); err != nil {
		return err
	}
	if err := t.room(op, to); err != nil {
		return err
	}
	source, up, err := t.view.find(t.ctx, from)
	switch {
	case err != nil:
		return err
	case source.IsDir():
		return fail(op, KindIsDir, from)
	}
	before, changes, files := t.view, len(t.changes), len(t.files)
	if source.Kind != EntryLink {
		source.Number = up.number(&source.Entry)
	}
	err = t.link(op, from, to, source)
	if err != nil {
		t.view, t.changes, t.files = before, t.changes[:changes], t.files[:files]
	}
	return err
}

func (t *Tx) link(op, from, to string, source tree.Entry) error {
	id := source.Link
	if source.Kind != EntryLink {
		var err error
		if id, err = t.share(op, from, source); err != nil {
			return err
		}
	}
	return t.addName(op, id, to)
}

// LinkTo makes to another name of a file that has several names, or had. The error is of KindFileNotFound when no name is
// left, or as with Link.
func (t *Tx) LinkTo(id LinkID, to string) error {
	const op = "pfs.LinkTo"
	if _, err := t.StatLink(id); err != nil {
		return err
	}
	before, changes, files := t.view, len(t.changes), len(t.files)
	err := t.addName(op, id, to)
	if err != nil {
		t.view, t.changes, t.files = before, t.changes[:changes], t.files[:files]
	}
	return err
}

// addName puts a link where nothing is.
func (t *Tx) addName(op string, id LinkID, to string) error {
	if err := checkNewPath(op, to); err != nil {
		return err
	}
	err := t.inParent(op, to, func(dir *tree.Entry, name string) error {
		_, absent, err := t.get(op, dir, name)
		if err != nil {
			return err
		}
		if !absent {
			return fail(op, KindExists, to)
		}
		*dir, err = t.with(op, *dir, linkEntry(name, id, t.change))
		return err
	})
	if err != nil {
		return err
	}
	return t.addNames(op, id, 1)
}

// share puts the file at path into the link tree, so that it can have other names, and a link in its place. It keeps its
// number.
func (t *Tx) share(op, path string, file tree.Entry) (LinkID, error) {
	id, err := t.group.store.newID()
	if err != nil {
		return id, err
	}
	parent, name := splitPath(path)
	err = t.in(op, parent, at{}, func(dir *tree.Entry) (err error) {
		*dir, err = t.with(op, *dir, linkEntry(name, id, t.change))
		return err
	})
	if err != nil {
		return id, err
	}
	t.touch(path, false)
	file.NLink = 1
	t.keep(&file.Entry, file.Number, linkTree())
	return id, t.putLinked(op, id, file)
}

// putLinked puts a file into the link tree.
func (t *Tx) putLinked(op string, id LinkID, file tree.Entry) error {
	file.Name, file.Link = linkName(id), LinkID{}
	if file.Kind == EntryFile {
		t.links = append(t.links, file.Content.Root)
	}
	linked, err := t.view.linked.With(t.ctx, []tree.Entry{file}, nil)
	if err != nil {
		return wrap(op, err, "", "")
	}
	t.view.linked = linked
	t.files = append(t.files, id)
	return nil
}

// addNames notes that a file has got n more names, or fewer when n is negative, or other ones when it is zero. One without any
// is gone.
func (t *Tx) addNames(op string, id LinkID, n int) error {
	file, absent, err := t.view.linkedFile(t.ctx, id)
	switch {
	case err != nil:
		return err
	case absent:
		return &Error{Op: op, Kind: KindCorrupt, Path: linkName(id), Err: errLinkMissing}
	}
	left := int64(file.NLink) + int64(n)
	if left > 0 {
		file.NLink, file.Ctime = uint32(left), t.now
		return t.putLinked(op, id, file)
	}
	linked, err := t.view.linked.With(t.ctx, nil, []string{linkName(id)})
	if err != nil {
		return wrap(op, err, "", "")
	}
	t.view.linked = linked
	t.files = append(t.files, id)
	return nil
}

// release notes that an entry has gone from the tree, with all that was below it.
func (t *Tx) release(op string, gone tree.Entry) error {
	counts := map[schema.ID]int{}
	if err := countLinks(t.ctx, gone, -1, counts); err != nil {
		return wrap(op, err, "", gone.Name)
	}
	for id, n := range counts {
		if err := t.addNames(op, id, n); err != nil {
			return err
		}
	}
	return nil
}

// editLinked is Edit for an entry that is a link.
func (t *Tx) editLinked(op, path string, link tree.Entry, fn func(*Entry) error) error {
	file, err := t.view.resolve(t.ctx, link)
	if err != nil {
		return err
	}
	if file, err = t.edited(op, path, file, fn); err != nil {
		return err
	}
	t.wide = true // It is a write of other paths, too.
	return t.putLinked(op, link.Link, file)
}

// EditLink is Edit for a file that has several names, or had, whichever these are; the entry's Name is none of them. The
// error is of KindFileNotFound when no name is left.
func (t *Tx) EditLink(id LinkID, fn func(*Entry) error) error {
	const op = "pfs.EditLink"
	if _, err := t.StatLink(id); err != nil {
		return err
	}
	return t.editLinked(op, "", linkEntry(linkName(id), id, Change{}), fn)
}

// StatLink returns a file that has several names, as Snapshot.StatLink does.
func (t *Tx) StatLink(id LinkID) (Entry, error) { return t.view.statLink(t.ctx, id) }

// fresh returns an entry of a version such that it can be put into the branch as a copy, with all that is below it: none of
// its files is one that another version or path has.
func (t *Tx) fresh(op string, version view, entry tree.Entry) (tree.Entry, error) {
	counts := map[schema.ID]int{}
	if err := countLinks(t.ctx, entry, 1, counts); err != nil {
		return entry, wrap(op, err, "", entry.Name)
	}
	if len(counts) == 0 {
		return entry, nil
	}
	c := copier{tx: t, op: op, from: version, names: counts, ids: map[schema.ID]schema.ID{}}
	return c.entry(entry)
}

// copier gives what is copied ids of its own.
type copier struct {
	tx   *Tx
	op   string
	from view
	// names is how many names of a file are copied; ids is what id the copy of one has.
	names map[schema.ID]int
	ids   map[schema.ID]schema.ID
}

func (c *copier) entry(e tree.Entry) (tree.Entry, error) {
	switch {
	case e.Kind == EntryLink:
		return c.link(e)
	case !e.IsDir():
		return e, nil
	}
	var puts []tree.Entry
	for entry, err := range e.Sub.Linked(c.tx.ctx) {
		if err == nil {
			entry, err = c.entry(entry)
		}
		if err != nil {
			return e, wrap(c.op, err, "", e.Name)
		}
		puts = append(puts, entry)
	}
	sub, err := e.Sub.With(c.tx.ctx, puts, nil)
	e.Sub = sub
	return e, wrap(c.op, err, "", e.Name)
}

// link returns what is to be in the place of a link: a file, if this is the only name of it that is copied.
func (c *copier) link(e tree.Entry) (tree.Entry, error) {
	file, err := c.from.resolve(c.tx.ctx, e)
	if err != nil {
		return e, err
	}
	if file.Birth, err = c.tx.newBirth(); err != nil {
		return e, err
	}
	if c.names[e.Link] == 1 {
		file.Link, file.NLink = LinkID{}, 0
		if file.Kind == EntryFile {
			c.tx.links = append(c.tx.links, file.Content.Root)
		}
		return file, nil
	}
	id, ok := c.ids[e.Link]
	if !ok {
		if id, err = c.tx.group.store.newID(); err != nil {
			return e, err
		}
		c.ids[e.Link] = id
		file.NLink, file.Ctime = uint32(c.names[e.Link]), c.tx.now
		if err := c.tx.putLinked(c.op, id, file); err != nil {
			return e, err
		}
	}
	e.Link = id
	return e, nil
}
