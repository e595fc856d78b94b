package s3

import (
	"context"
	"iter"
	"strings"

	"pfsd/pfs"
)

// tree is the part of a Snapshot that is listed.
type tree interface {
	List(ctx context.Context, dir, from string) iter.Seq2[pfs.Entry, error]
	Walk(ctx context.Context, prefix, from string) iter.Seq2[pfs.Item, error]
}

var _ tree = (*pfs.Snapshot)(nil)

// listing says which keys are listed.
type listing struct {
	prefix string
	// grouped is set when what is behind the first "/" after the prefix is one common prefix.
	grouped bool
	// after is the key, or common prefix, behind which the page begins.
	after string
	limit int
}

// delimiter is the one that groups the keys; empty for none.
func (l *listing) delimiter() string {
	if l.grouped {
		return "/"
	}
	return ""
}

// listItem is a key or a common prefix.
type listItem struct {
	key    string
	entry  pfs.Entry
	common bool
}

// page is one page of a listing.
type page struct {
	listing
	items []listItem
	// more is set when there are items behind the page.
	more bool
}

// add adds an item and reports whether the page goes on.
func (p *page) add(item listItem) bool {
	if len(p.items) == p.limit {
		p.more = true
		return false
	}
	p.items = append(p.items, item)
	return true
}

// last is where the next page begins.
func (p *page) last() string {
	if len(p.items) == 0 {
		return p.after
	}
	return p.items[len(p.items)-1].key
}

// list returns a page of the keys in t. What it reads is in proportion to the page, wherever that begins.
func list(ctx context.Context, t tree, l listing) (*page, error) {
	p := &page{listing: l}
	if l.after != "" {
		p.items = make([]listItem, 0, l.limit) // what begins behind a page is a page, most often
	}
	dir, _ := splitKey(l.prefix)
	if l.limit == 0 || strings.HasPrefix(l.prefix, "/") || pfs.CheckPath(dir) != nil {
		return p, nil
	}
	var err error
	if l.grouped {
		err = p.group(ctx, t)
	} else {
		err = p.walk(ctx, t)
	}
	if isAbsent(err) {
		err = nil
	}
	return p, err
}

// walk lists keys at any depth. A directory is listed only if nothing in it is, which shows at the item behind it.
func (p *page) walk(ctx context.Context, t tree) error {
	var dir *pfs.Item
	flush := func() bool {
		if dir == nil {
			return true
		}
		item := listItem{key: dir.Path, entry: dir.Entry}
		dir = nil
		return p.add(item)
	}
	for item, err := range t.Walk(ctx, p.prefix, p.from()) {
		if err != nil {
			return err
		}
		if !isVisible(&item.Entry) {
			continue
		}
		if dir != nil && strings.HasPrefix(item.Path, dir.Path) {
			dir = nil
		}
		if !flush() {
			return nil
		}
		if item.Entry.IsDir() {
			kept := item // not item itself, which would then be allocated for each of them
			dir = &kept
		} else if !p.add(listItem{key: item.Path, entry: item.Entry}) {
			return nil
		}
	}
	flush()
	return nil
}

// from is the first key that may be on the page. No key has a NUL in it.
func (p *page) from() string {
	if p.after == "" {
		return ""
	}
	return p.after + "\x00"
}

// group lists the entries of one directory: its files, and its directories as common prefixes.
func (p *page) group(ctx context.Context, t tree) error {
	dir, name := splitKey(p.prefix)
	above := strings.TrimSuffix(p.prefix, name)
	if p.after > above && !strings.HasPrefix(p.after, above) {
		return nil
	}
	if name == "" && above != "" && p.after < above {
		if err := p.addItself(ctx, t, dir); err != nil {
			return err
		}
	}
	from := strings.TrimPrefix(p.from(), above)
	if p.after < above {
		from = ""
	}
	if i := strings.IndexByte(from, '/'); i >= 0 && from != from[:i+1]+"\x00" {
		from = from[:i+1]
	}
	for entry, err := range t.List(ctx, dir, max(from, name)) {
		if err != nil {
			return err
		}
		key := entry.SortKey()
		if !strings.HasPrefix(key, name) {
			return nil
		}
		if on, err := p.addEntry(ctx, t, above+key, entry); err != nil || !on {
			return err
		}
	}
	return nil
}

// addEntry adds an entry of the directory that is listed and reports whether the page goes on.
func (p *page) addEntry(ctx context.Context, t tree, key string, entry pfs.Entry) (bool, error) {
	switch {
	case !isVisible(&entry):
		return true, nil
	case strings.HasPrefix(p.after, key) && p.after != key:
		// The page begins within this directory: it is listed again if there is anything in it behind that.
		inside, err := anyVisible(t.Walk(ctx, key, p.from()))
		if err != nil || !inside {
			return true, err
		}
	}
	return p.add(listItem{key: key, entry: entry, common: entry.IsDir()}), nil
}

// addItself adds the directory whose entries are listed as a key, if nothing in it can be seen.
func (p *page) addItself(ctx context.Context, t tree, dir string) error {
	for item, err := range t.Walk(ctx, dir+"/", "") {
		if err != nil {
			return err
		}
		if item.Path != dir+"/" {
			break
		}
		full, err := anyVisible(t.Walk(ctx, dir+"/", dir+"/\x00"))
		if err == nil && !full {
			p.add(listItem{key: item.Path, entry: item.Entry})
		}
		return err
	}
	return nil
}

// anyVisible reports whether there is anything among items that S3 can see.
func anyVisible(items iter.Seq2[pfs.Item, error]) (bool, error) {
	for item, err := range items {
		if err != nil || isVisible(&item.Entry) {
			return err == nil, err
		}
	}
	return false, nil
}

// splitKey returns what is before the last slash of key, and behind it.
func splitKey(key string) (dir, name string) {
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		return key[:i], key[i+1:]
	}
	return "", key
}
