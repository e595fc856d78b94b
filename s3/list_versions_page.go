package s3

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"pfsd/pfs"
)

// versionTree is the part of a Snapshot whose versions are listed.
type versionTree interface {
	tree
	Version() pfs.Version
	Versions(ctx context.Context, prefix string, after pfs.VersionMark) iter.Seq2[pfs.FileVersion, error]
}

var _ versionTree = (*pfs.Snapshot)(nil)

// versionItem is a version, a delete marker or a common prefix.
type versionItem struct {
	key string
	// file is set on a version of a file and on a delete marker, dir on a directory; neither on a common prefix, nor on the
	// place of a present file among the directories.
	file *pfs.FileVersion
	dir  *pfs.Entry
	// id is the version id; empty for a common prefix.
	id     string
	common bool
}

// fileItem returns the item of a version of a file.
func fileItem(v pfs.FileVersion) versionItem {
	item := versionItem{key: v.Path, file: &v, id: v.Commit.String()}
	if v.Commit.IsZero() {
		item.id = nullVersion
	}
	return item
}

// versionPage is one page of a listing of versions.
type versionPage struct {
	listing
	items []versionItem
	more  bool
}

// add adds an item and reports whether the page goes on.
func (p *versionPage) add(item versionItem) bool {
	if len(p.items) == p.limit {
		p.more = true
		return false
	}
	p.items = append(p.items, item)
	return true
}

// fill reads the page. The versions of files and the empty directories are two sequences in the order of their keys. What is
// read of either is in proportion to the page.
func (p *versionPage) fill(ctx context.Context, t versionTree, mark pfs.VersionMark) error {
	dir, _ := splitKey(p.prefix)
	if p.limit == 0 || strings.HasPrefix(p.prefix, "/") || pfs.CheckPath(dir) != nil {
		return nil
	}
	if common, ok := p.commonPrefix(mark.Path); ok && common == mark.Path {
		mark = pfs.VersionMark{Path: behind(common)}
	}
	dirs, stopDirs := iter.Pull2(p.directories(ctx, t))
	defer stopDirs()
	dirItem, err, anyDir := dirs()
	files, stopFiles := iter.Pull2(t.Versions(ctx, p.prefix, mark))
	defer func() { stopFiles() }()
	for on := true; on && err == nil; {
		var version pfs.FileVersion
		var anyFile bool
		if version, err, anyFile = files(); err != nil {
			return err
		}
		for on && err == nil && anyDir && (!anyFile || dirItem.key < version.Path) {
			if on = dirItem.dir == nil || p.addKey(dirItem); on {
				dirItem, err, anyDir = dirs()
			}
		}
		if !anyFile || !on {
			break
		}
		on = p.addKey(fileItem(version))
		if common, ok := p.commonPrefix(version.Path); ok && on {
			stopFiles()
			files, stopFiles = iter.Pull2(t.Versions(ctx, p.prefix, pfs.VersionMark{Path: behind(common)}))
		}
	}
	return err
}

// addKey adds an item, or the common prefix that it is in, once.
func (p *versionPage) addKey(item versionItem) bool {
	common, ok := p.commonPrefix(item.key)
	if !ok {
		return p.add(item)
	}
	if n := len(p.items); common == p.after || n > 0 && p.items[n-1].key == common {
		return true
	}
	return p.add(versionItem{key: common, common: true})
}

// commonPrefix returns the common prefix that a key is in, if there is one.
func (p *versionPage) commonPrefix(key string) (string, bool) {
	rest, found := strings.CutPrefix(key, p.prefix)
	i := strings.IndexByte(rest, '/')
	if !p.grouped || !found || i < 0 {
		return "", false
	}
	return p.prefix + rest[:i+1], true
}

// behind is behind all keys with a prefix, and before all others that are: no key has the byte.
func behind(prefix string) string { return prefix + "\xff" }

// directories yields what a listing of the present keys shows of directories: the empty ones, and those that are common
// prefixes. It yields the places of files, too, so that whoever looks for directories before a key need not go behind it.
func (p *versionPage) directories(ctx context.Context, t versionTree) iter.Seq2[versionItem, error] {
	const batch = 128
	return func(yield func(versionItem, error) bool) {
		l := listing{prefix: p.prefix, grouped: p.grouped, after: p.after, limit: batch}
		for {
			present, err := list(ctx, t, l)
			if err != nil {
				yield(versionItem{}, err)
				return
			}
			for i := range present.items {
				item := &present.items[i]
				found := versionItem{key: item.key}
				if item.entry.IsDir() {
					found.dir, found.id = &item.entry, cmp.Or(versionID(&item.entry, t.Version()), nullVersion)
				}
				if !yield(found, nil) {
					return
				}
			}
			if !present.more {
				return
			}
			l.after = present.last()
		}
	}
}
