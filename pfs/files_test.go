package pfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// outcome is what comes of a store some files of which are not what they were.
type outcome string

const (
	// whole: it opens, with all that was written.
	whole outcome = "whole"
	// earlier: it opens as it was at an earlier time. Only a store that was not closed does, since its logs have no end of
	// which anybody knows.
	earlier outcome = "earlier"
	// named: it opens, and the check names what is missing.
	named outcome = "named"
	// refused: it does not open, and the message names the file.
	refused outcome = "refused"
)

// fileSet is the files of a store, by their paths in its directory.
type fileSet map[string]image

// image is what a file holds: its bytes up to the last that is not zero, and its size. Most of a log is zeros.
type image struct {
	bytes string
	size  int
}

func imageOf(b []byte) image { return image{string(bytes.TrimRight(b, "\x00")), len(b)} }

// cut returns the first n bytes.
func (i image) cut(n int) image {
	return image{strings.TrimRight(i.bytes[:min(n, len(i.bytes))], "\x00"), n}
}

// wrong returns it with a bit of one byte inverted, which must not be among the zeros at the end.
func (i image) wrong(at int) image {
	b := []byte(i.bytes)
	b[at] ^= 4
	return image{string(b), i.size}
}

func (i image) write(name string) error {
	return errors.Join(os.WriteFile(name, []byte(i.bytes), 0o600), os.Truncate(name, int64(i.size)))
}

// makeFileStores makes stores, of which tests take the files: "closed" and "killed" with the same contents; "older", which
// "closed" was once; and "other". Each round leaves a table and a pack of its own.
func makeFileStores(t *testing.T) map[string]fileSet {
	t.Helper()
	stores := map[string]fileSet{}
	dir := t.TempDir()
	for round := range 3 {
		if round == 2 {
			stores["older"] = readFiles(t, dir)
		}
		s := pfstest.OpenDisk(t, dir)
		writeRound(t, s, "r", round)
		if round == 2 {
			stores["killed"] = readFiles(t, dir)
		}
		noError(t, s.Close())
	}
	stores["closed"] = readFiles(t, dir)
	dir = t.TempDir()
	for round := range 3 {
		s := pfstest.OpenDisk(t, dir)
		writeRound(t, s, "other", round)
		noError(t, s.Close())
	}
	stores["other"] = readFiles(t, dir)
	return stores
}

func writeRound(t *testing.T, s *pfs.Store, repo string, round int) {
	t.Helper()
	if round == 0 {
		makeRepo(t, s, repo)
	}
	for i := range 3 {
		putFile(t, s, pfs.BranchRef(repo, "master"), fmt.Sprintf("%s-%d-%d", repo, round, i), noise(uint64(round*10+i), 90<<10))
	}
}

// readFiles returns all files below dir but those that mean nothing.
func readFiles(t *testing.T, dir string) fileSet {
	t.Helper()
	files := fileSet{}
	noError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || filepath.Base(name) == "RESERVE" || filepath.Base(name) == "LOCK" {
			return err
		}
		b, err := os.ReadFile(path)
		files[name] = imageOf(b)
		return err
	}))
	return files
}

// writeTo makes the files in dir.
func (f fileSet) writeTo(t *testing.T, dir string) {
	t.Helper()
	for name, b := range f {
		path := filepath.Join(dir, name)
		noError(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), b.write(path)))
	}
}

// names returns the names of the files, in order.
func (f fileSet) names() []string {
	var names []string
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// hurt is one thing that happens to a file: it gets other bytes, or is removed.
type hurt struct {
	name, what string
	image      image
	missing    bool
}

func (h hurt) String() string { return h.name + " " + h.what }

// hurts returns all that is done to a file of a store.
func hurts(stores map[string]fileSet, store, name string) []hurt {
	is := stores[store][name]
	used := len(is.bytes)
	all := []hurt{{name: name, what: "missing", missing: true}, {name: name, what: "empty"}}
	for what, n := range map[string]int{
		"cut to 1": 1, "cut to 20": 20, "cut to half": used / 2, "cut by 1": used - 1, "cut by 16": used - 16, "cut of zeros": used,
	} {
		if n > 0 && n < is.size {
			all = append(all, hurt{name: name, what: what, image: is.cut(n)})
		}
	}
	for what, at := range map[string]int{"wrong 1st": 0, "wrong 9th": 8, "wrong 100th": 99, "wrong middle": used / 2, "wrong last": used - 1} {
		if at >= 0 && at < used {
			all = append(all, hurt{name: name, what: what, image: is.wrong(at)})
		}
	}
	for _, from := range []string{"other", "older"} {
		if b, ok := stores[from][name]; ok && b != is {
			all = append(all, hurt{name: name, what: "of " + from, image: b})
		}
	}
	for _, sibling := range stores[store].names() {
		if sibling != name && filepath.Dir(sibling) == filepath.Dir(name) && filepath.Ext(sibling) == filepath.Ext(name) {
			all = append(all, hurt{name: name, what: "of a sibling", image: stores[store][sibling]})
			break
		}
	}
	slices.SortFunc(all, func(a, b hurt) int { return strings.Compare(a.what, b.what) })
	return all
}

// tryHurt opens a copy of a store after something has happened to some of its files, and returns what came of it.
func tryHurt(t *testing.T, files fileSet, all ...hurt) outcome {
	t.Helper()
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	before := fileSet{}
	for name, b := range files {
		before[name] = b
	}
	for _, h := range all {
		if h.missing {
			delete(before, h.name)
		} else {
			before[h.name] = h.image
		}
	}
	before.writeTo(t, dir)
	s, err := pfs.Open(ctx, dir, pfstest.Options(t))
	if err != nil {
		checkRefused(t, dir, err, files, before, all)
		return refused
	}
	got := contentsOf(t, s)
	noError(t, s.Close())
	checkKept(t, dir, before, all)
	return got
}

// contentsOf returns what a store that opens has.
func contentsOf(t *testing.T, s *pfs.Store) outcome {
	t.Helper()
	report, err := s.Check(ctx, pfs.CheckOptions{Deep: true})
	noError(t, err)
	if len(report.Problems) > 0 {
		return named
	}
	if report.Repos == 0 {
		t.Error("it opens as an empty store")
	}
	if report.Commits < fileCommits {
		return earlier
	}
	return whole
}

// checkRefused sees to it that the message names a file, that nothing is gone, that the store is whole with the files that it
// had, and that it opens when it was mended, and is not empty then.
func checkRefused(t *testing.T, dir string, err error, files, before fileSet, all []hurt) {
	t.Helper()
	if k := pfs.KindOf(err); k != pfs.KindCorrupt && k != pfs.KindInvalid {
		t.Errorf("%v: %v", all, err)
	}
	after := readFiles(t, dir)
	for name, b := range before {
		if after[name] != b || len(after) != len(before) {
			t.Errorf("%v: %v; and %s is other than it was", all, err, name)
		}
	}
	healed := t.TempDir()
	defer os.RemoveAll(healed)
	after.writeTo(t, healed)
	for _, h := range all {
		noError(t, os.MkdirAll(filepath.Dir(filepath.Join(healed, h.name)), 0o700))
		noError(t, files[h.name].write(filepath.Join(healed, h.name)))
	}
	s, failed := pfs.Open(ctx, healed, pfstest.Options(t))
	if failed != nil {
		t.Errorf("%v: with its own files: %v", all, failed)
	} else {
		if got := contentsOf(t, s); got != whole {
			t.Errorf("%v: with its own files: %s", all, got)
		}
		noError(t, s.Close())
	}
	mend(t, dir, before, all)
}

// mend does as pfsd fsck --repair does.
func mend(t *testing.T, dir string, before fileSet, all []hurt) {
	t.Helper()
	for range 6 {
		s, err := pfs.Open(ctx, dir, pfstest.Options(t))
		if err == nil {
			got := contentsOf(t, s)
			noError(t, s.Close())
			t.Logf("%v: mended: %s", all, got)
			checkKept(t, dir, before, all)
			return
		}
		if _, err := pfs.Salvage(ctx, dir, pfstest.Options(t)); err != nil {
			t.Logf("%v: not mended: %v", all, err)
			checkKept(t, dir, before, all)
			return
		}
	}
	t.Errorf("%v: mended for ever", all)
}

// checkKept sees to it that the bytes of tables, packs and all files that were hurt are there still, here or there.
func checkKept(t *testing.T, dir string, before fileSet, all []hurt) {
	t.Helper()
	after := readFiles(t, dir)
	for name, b := range before {
		matters := slices.ContainsFunc(all, func(h hurt) bool { return h.name == name })
		if ext := filepath.Ext(name); !matters && ext != ".sst" && ext != ".pack" || isUnderstood(name, b) {
			continue
		}
		there := strings.HasPrefix(after[name].bytes, b.bytes) && b.bytes != "" // the list of tables goes on
		for _, a := range after {
			there = there || a == b
		}
		if !there {
			t.Errorf("%v: %s is gone", all, name)
		}
	}
}

// isUnderstood reports whether a file, which a store had, holds nothing that is not stored elsewhere by now.
func isUnderstood(name string, b image) bool {
	if b.size == 0 {
		return true
	}
	switch filepath.Ext(name) {
	case ".vlog": // no more than a header
		return len(b.bytes) <= 20 && b.size >= 20 && !strings.ContainsFunc(b.bytes[:min(8, len(b.bytes))], func(r rune) bool { return r != 0 })
	case ".pack": // no record
		return b.size <= 32
	case ".mem": // transactions, which are in tables now; what is behind the last whole one is kept
		return true
	}
	return false
}

// fileCommits is how many commits the stores have: that of the repo's making, and three a round.
const fileCommits = 10

// expected says what comes of a store when something happens to one file of it. The first row counts whose words are all in
// the description of the store, of the file and of what happens to it. What a damaged byte is of cannot always be said from
// where it is: several outcomes are right then.
var expected = []struct {
	words string
	right []outcome
}{
	{"FORMAT", []outcome{refused}},
	{"kv.note missing", []outcome{whole}},  // as in a store of an older program
	{"kv.note of older", []outcome{whole}}, // it says less
	{"kv.note", []outcome{refused}},
	{"STORE missing", []outcome{whole}},
	{"STORE", []outcome{refused}},
	{".pack wrong 1st", []outcome{whole}}, // of the header, which no read needs
	{".pack wrong 9th", []outcome{whole}},
	{".pack", []outcome{named}},
	{".sst wrong middle", []outcome{named, refused}},
	{".sst wrong 100th", []outcome{named, refused}},
	{".sst", []outcome{refused}},
	{".vlog", []outcome{whole}},
	{"DISCARD", []outcome{whole}},
	{"KEYREGISTRY missing", []outcome{whole}},
	{"KEYREGISTRY of other", []outcome{whole}},
	{"KEYREGISTRY", []outcome{whole, refused}}, // most of it is random
	{"MANIFEST", []outcome{refused}},
	{".mem wrong 1st", []outcome{refused}}, // the number of a key of encryption
	{".mem wrong 9th", []outcome{whole}},   // random
	{".mem cut of zeros", []outcome{whole}},
	{".mem", []outcome{earlier, named}}, // a pack that was made since is named
}

// isRight reports whether an outcome is what is expected.
func isRight(t *testing.T, description string, got outcome) bool {
	t.Helper()
	for _, row := range expected {
		if !slices.ContainsFunc(strings.Fields(row.words), func(w string) bool { return !strings.Contains(description, w) }) {
			return slices.Contains(row.right, got)
		}
	}
	t.Errorf("%s: nothing is expected", description)
	return true
}

// TestHurtFiles loses, cuts off, alters and exchanges each file of a store, one that was closed and one that was not. It opens whole,
// opens and names what is missing, or refuses and names the file. It is never empty, and nothing is deleted that is not
// understood. All of them takes minutes; else some are picked.
func TestHurtFiles(t *testing.T) {
	t.Parallel()
	stores := makeFileStores(t)
	random, pick := fileChoice(t)
	for _, store := range []string{"closed", "killed"} {
		for _, name := range stores[store].names() {
			all := hurts(stores, store, name)
			random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			if pick {
				all = all[:1]
			}
			for _, h := range all {
				if got := tryHurt(t, stores[store], h); !isRight(t, store+" "+h.String(), got) {
					t.Errorf("%s: %s: %s", store, h, got)
				}
			}
		}
	}
}

// TestHurtPairs does so to two files at a time, picked at random.
func TestHurtPairs(t *testing.T) {
	t.Parallel()
	stores := makeFileStores(t)
	random, pick := fileChoice(t)
	rounds := 1500
	if pick {
		rounds = 15
	}
	for range rounds {
		store := []string{"closed", "killed"}[random.IntN(2)]
		names := stores[store].names()
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		var pair []hurt
		for _, name := range names[:2] {
			all := hurts(stores, store, name)
			pair = append(pair, all[random.IntN(len(all))])
		}
		if got := tryHurt(t, stores[store], pair...); got == earlier && store == "closed" {
			t.Errorf("%s: %v: %s", store, pair, got)
		}
	}
}

// fileChoice returns what picks among files, with a seed that it prints, and whether some are to be picked rather than all tried.
func fileChoice(t *testing.T) (random *rand.Rand, pick bool) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("PFSD_TEST_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		noError(t, err)
	}
	t.Logf("PFSD_TEST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0)), !full()
}
