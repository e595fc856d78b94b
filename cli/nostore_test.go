package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// storeUse says for each command whether it makes a store where none is, needs one, or uses none. SRC is a file, TAR an empty
// archive and DIR a directory.
var storeUse = map[string]struct{ use, args string }{
	"s3":              {"makes", "--addr 127.0.0.1:0"},
	"serve":           {"makes", ""},
	"mount":           {"needs", "r DIR"},
	"mount --create":  {"makes", "r DIR"},
	"umount":          {"needs", "DIR"},
	"repo create":     {"makes", "r"},
	"repo list":       {"needs", ""},
	"repo delete":     {"needs", "r"},
	"repo rename":     {"needs", "r s"},
	"repo inspect":    {"needs", "r"},
	"branch create":   {"needs", "b.r"},
	"branch list":     {"needs", "r"},
	"branch delete":   {"needs", "b.r"},
	"branch rename":   {"needs", "b.r c"},
	"branch inspect":  {"needs", "b.r"},
	"branch set":      {"needs", "--keep-automatic forever b.r"},
	"tag create":      {"needs", "v1.r"},
	"tag list":        {"needs", "r"},
	"tag delete":      {"needs", "v1.r"},
	"commit start":    {"needs", "r"},
	"commit finish":   {"needs", "0123.r"},
	"commit abort":    {"needs", "0123.r"},
	"commit list":     {"needs", "r"},
	"commit inspect":  {"needs", "r"},
	"undelete":        {"needs", ""},
	"undelete r":      {"needs", "r"},
	"log":             {"needs", "r"},
	"lost list":       {"needs", ""},
	"lost restore":    {"needs", ""},
	"upgrade":         {"needs", ""},
	"log --follow":    {"needs", "r"},
	"reflog":          {"needs", "r"},
	"show":            {"needs", "r"},
	"diff":            {"needs", "r"},
	"annotate":        {"needs", "r"},
	"merge":           {"needs", "b.r r"},
	"cherry-pick":     {"needs", "b.r r"},
	"revert":          {"needs", "0123.r"},
	"reset":           {"needs", "b.r r"},
	"squash":          {"needs", "--since 0123.r r"},
	"restore":         {"needs", "--from 0123.r r:/f"},
	"ls":              {"needs", "r"},
	"tree":            {"needs", "r"},
	"glob":            {"needs", "r:/*"},
	"stat":            {"needs", "r:/f"},
	"cat":             {"needs", "r:/f"},
	"du":              {"needs", "r"},
	"put":             {"makes", "SRC r:/f"},
	"get":             {"needs", "r:/f DIR"},
	"cp":              {"needs", "r:/f r:/g"},
	"mv":              {"needs", "r:/f r:/g"},
	"rm":              {"needs", "r:/f"},
	"mkdir":           {"needs", "r:/d"},
	"export":          {"needs", "r -"},
	"export DIR":      {"needs", "r DIR/new"},
	"import":          {"makes", "TAR r"},
	"import DIR":      {"makes", "DIR r"},
	"status":          {"needs", ""},
	"fsck":            {"needs", ""},
	"fsck --deep":     {"needs", ""},
	"fsck --repair":   {"needs", ""},
	"gc":              {"needs", ""},
	"version":         {"none", ""},
	"bench s3":        {"none", "--endpoint http://127.0.0.1:1 put"},
	"bench mount":     {"none", "DIR --duration 0 --count 1 --files 1 create"},
	"bench core":      {"none", "--dir DIR --duration 0 --count 1 --size 1KiB copy"},
	"bench reference": {"none", "DIR x"},
	"help":            {"none", ""},
}

// TestStoreUse runs each command where no store is. Only those that make one do, and say so; with --no-create they fail, too.
func TestStoreUse(t *testing.T) {
	for _, name := range commandNames() {
		if _, ok := storeUse[name]; !ok {
			t.Errorf("the table lacks the command %q", name)
		}
	}
	src, tar, dir := filepath.Join(t.TempDir(), "src"), filepath.Join(t.TempDir(), "a.tar"), t.TempDir()
	if err := errors.Join(os.WriteFile(src, []byte("text"), 0o600), os.WriteFile(tar, make([]byte, 1024), 0o600)); err != nil {
		t.Fatal(err)
	}
	places := strings.NewReplacer("SRC", src, "TAR", tar, "DIR", dir)
	for name, c := range storeUse {
		words := strings.Fields(places.Replace(strings.TrimSuffix(strings.TrimSuffix(name, " r"), " DIR") + " " + c.args))
		t.Run(name, func(t *testing.T) {
			if c.use == "none" {
				checkUsesNone(t, words)
				return
			}
			if c.use == "makes" {
				checkRefuses(t, append([]string{"--no-create"}, words...))
				checkMakes(t, words)
				return
			}
			checkRefuses(t, words)
		})
	}
}

// commandNames returns the names of all commands, as they are typed.
func commandNames() (names []string) {
	for _, c := range newProgram("", nil, nil, nil).app().Commands {
		if len(c.Subcommands) == 0 {
			names = append(names, c.Name)
		}
		for _, sub := range c.Subcommands {
			names = append(names, c.Name+" "+sub.Name)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// checkRefuses runs a command on a data directory that is missing, and on an empty one: it says so and makes nothing.
func checkRefuses(t *testing.T, words []string) {
	t.Helper()
	base := t.TempDir()
	empty := filepath.Join(base, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{filepath.Join(base, "a", "b"), empty} {
		r := pfsd(t, data, "", words...)
		if r.code != exitFailure || !strings.HasPrefix(r.stderr, "pfsd: there is no store in "+data) || r.stdout != "" {
			t.Errorf("%v: %+v", words, r)
		}
	}
	if _, err := os.Lstat(filepath.Join(base, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v made a directory: %v", words, err)
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("%v left %v, %v", words, left, err)
	}
}

// checkMakes runs a command where no store is. Its first line is that it has made one.
func checkMakes(t *testing.T, words []string) {
	t.Helper()
	if words[0] == "mount" {
		return // TestMountMakesAStore has a kernel for it.
	}
	data := newData(t)
	r := startedOn(t, data, words)
	if !strings.HasPrefix(r.stderr, madeLine(data)) {
		t.Errorf("%v: %+v", words, r)
	}
	if strings.Contains(r.stdout, "made a new store") {
		t.Errorf("%v says so on stdout: %q", words, r.stdout)
	}
	ok(t, data, "", "status")
	if again := startedOn(t, data, words); strings.Contains(again.stderr, "made a new store") {
		t.Errorf("%v made it again: %+v", words, again)
	}
}

// startedOn runs a command, and ends it once it is ready if it stays.
func startedOn(t *testing.T, data string, words []string) result {
	t.Helper()
	if words[0] != "s3" && words[0] != "serve" {
		return pfsd(t, data, "", words...)
	}
	_, end := startDoor(t, data, words...)
	return end()
}

// checkUsesNone runs a command that has nothing to do with the store.
func checkUsesNone(t *testing.T, words []string) {
	t.Helper()
	data := newData(t)
	if r := pfsd(t, data, "", words...); strings.Contains(r.stderr, "store in") {
		t.Errorf("%v: %+v", words, r)
	}
	if _, err := os.Lstat(data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v made the data directory: %v", words, err)
	}
}

// TestPartOfAStore has directories that hold one thing of a store: no command makes a store there.
func TestPartOfAStore(t *testing.T) {
	for _, name := range []string{"kv/1", "packs/1", "kv.damaged-1/1", "host.lock", "sock", "scratch/1"} {
		t.Run(name, func(t *testing.T) {
			data := newData(t)
			path := filepath.Join(data, name)
			err := os.MkdirAll(filepath.Dir(path), 0o700)
			if err = errors.Join(err, os.WriteFile(path, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			for _, words := range [][]string{{"repo", "create", "r"}, {"status"}} {
				if r := pfsd(t, data, "", words...); r.code != exitFailure || r.stderr == "" {
					t.Errorf("%v: %+v", words, r)
				}
			}
			if _, err := os.Lstat(filepath.Join(data, "FORMAT")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a store was made: %v", err)
			}
		})
	}
}
