package pfs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// needs is a set of features of the format. A store has those that its file FORMAT lists; a program that does not know one of
// these refuses the store, so that each is listed before anything is stored that needs it.
type needs uint8

// The features, in the order of their names.
const (
	// needBirths: entries have births.
	needBirths needs = 1 << iota
	allNeeds         = 1<<iota - 1
)

// features returns the names of all features, sorted; that of the bit i is at i.
func features() []string { return []string{"births"} }

// names returns the names of the features in n, sorted.
func (n needs) names() []string {
	var names []string
	for i, name := range features() {
		if n&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// What the file FORMAT of a store begins with: of the first programs it holds nothing else, later on the names of features and
// the end of a line follow.
const (
	firstFormat = "pfsd store, format 1\n"
	thisFormat  = "pfsd store, format 2\nfeatures:"
)

// formatText is what the file FORMAT holds of a store with these features.
func formatText(has needs) string {
	return strings.Join(append([]string{thisFormat}, has.names()...), " ") + "\n"
}

// parseFormat returns the features of a store whose file FORMAT holds a text.
func parseFormat(text string) (has needs, err error) {
	if text == firstFormat {
		return 0, nil
	}
	list, ok := strings.CutPrefix(text, thisFormat)
	if !ok {
		line, _, _ := strings.Cut(text[:min(len(text), 80)], "\n")
		return 0, fmt.Errorf("the file %s says %q, and this program knows formats 1 and 2: use a later pfsd", formatFile, line)
	}
	var unknown []string
	for _, name := range strings.Fields(list) {
		if i := slices.Index(features(), name); i >= 0 {
			has |= 1 << i
		} else {
			unknown = append(unknown, name)
		}
	}
	switch {
	case len(unknown) > 0:
		return 0, fmt.Errorf("the file %s lists features that this program lacks: %.200s: use a later pfsd", formatFile, strings.Join(unknown, " "))
	case text != formatText(has):
		return 0, fmt.Errorf("the file %s is damaged: its second line is not a sorted list of features", formatFile)
	}
	return has, nil
}

// storeFormat is the format of an open store.
type storeFormat struct {
	// home is where the file FORMAT is; nil for a store that has none.
	home *home

	// mu guards has, and is held while the file is replaced.
	mu  sync.Mutex
	has needs
}

// need makes sure that the store has these features, on disk, before anything is stored that needs them.
func (f *storeFormat) need(n needs) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.has&n == n {
		return nil
	}
	err := f.home.still()
	if err == nil {
		dir := f.home.dir.Path()
		err = writeSynced(dir, filepath.Join(dir, formatFile), formatText(f.has|n))
	}
	if err != nil {
		return wrap("pfs.Upgrade", f.home.named(err), f.home.dir.Name(), "")
	}
	f.has |= n
	return nil
}

// Upgrade gives the store all features that this program knows, and returns the names of those that it had not; older programs
// refuse it from then on. A change that needs a feature does so by itself. The error is of KindNoSpace or KindInternal, and
// then the store is as it was.
func (s *Store) Upgrade() ([]string, error) {
	s.format.mu.Lock()
	lacks := allNeeds &^ s.format.has
	s.format.mu.Unlock()
	return lacks.names(), s.format.need(allNeeds)
}

// Features returns the names of the features that the store has, sorted.
func (s *Store) Features() []string {
	s.format.mu.Lock()
	defer s.format.mu.Unlock()
	return s.format.has.names()
}
