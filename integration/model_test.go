package integration_test

import (
	"path"
	"slices"
	"strings"
)

// branchModel is what must be in a branch.
type branchModel struct {
	files map[string][]byte
	// dirs are the directories; the value is set for explicit ones, which stay when S3 takes the last file from them.
	dirs map[string]bool
}

func newBranchModel() *branchModel {
	return &branchModel{files: map[string][]byte{}, dirs: map[string]bool{"": true}}
}

// put writes a file as S3 does: missing directories come to be, implicitly.
func (m *branchModel) put(at string, data []byte) {
	m.files[at] = data
	for dir := parent(at); dir != ""; dir = parent(dir) {
		explicit := m.dirs[dir]
		m.dirs[dir] = explicit
	}
}

// remove removes a file as S3 does: implicit directories that are empty then go with it.
func (m *branchModel) remove(at string) {
	delete(m.files, at)
	for dir := parent(at); dir != "" && !m.dirs[dir] && len(m.children(dir)) == 0; dir = parent(dir) {
		delete(m.dirs, dir)
	}
}

// write writes a file as a mount does: a directory in which something comes to be is explicit from then on.
func (m *branchModel) write(at string, data []byte) {
	if _, found := m.files[at]; !found {
		m.dirs[parent(at)] = true
	}
	m.files[at] = data
}

// unlink removes a file as a mount does.
func (m *branchModel) unlink(at string) {
	delete(m.files, at)
	m.dirs[parent(at)] = true
}

// makeDirs makes dir and those above it, where missing, as mkdir -p does in a mount.
func (m *branchModel) makeDirs(dir string) {
	var made []string
	for at := dir; at != ""; at = parent(at) {
		if _, found := m.dirs[at]; !found {
			made = append(made, at)
		}
	}
	for _, at := range made {
		m.dirs[at], m.dirs[parent(at)] = true, true
	}
}

// moveDir gives a directory another name.
func (m *branchModel) moveDir(from, to string) {
	for _, at := range m.below(from + "/") {
		m.files[to+strings.TrimPrefix(at, from)] = m.files[at]
		delete(m.files, at)
	}
	for _, at := range sorted(m.dirs) {
		if at == from || strings.HasPrefix(at, from+"/") {
			m.dirs[to+strings.TrimPrefix(at, from)] = m.dirs[at]
			delete(m.dirs, at)
		}
	}
}

// below returns the files whose paths begin with prefix, sorted.
func (m *branchModel) below(prefix string) []string {
	var found []string
	for _, at := range sorted(m.files) {
		if strings.HasPrefix(at, prefix) {
			found = append(found, at)
		}
	}
	return found
}

// children returns the names in a directory, sorted.
func (m *branchModel) children(dir string) []string {
	var names []string
	for _, at := range append(sorted(m.files), sorted(m.dirs)...) {
		if at != "" && parent(at) == dir {
			names = append(names, path.Base(at))
		}
	}
	slices.Sort(names)
	return names
}

// parent is the directory of a path; that of the root's entries is "".
func parent(at string) string {
	if dir := path.Dir(at); dir != "." {
		return dir
	}
	return ""
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
