package cli

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sys/unix"

	"pfsd/cli/internal/control"
)

// moved returns how many bytes of files commands have moved.
func moved(t *testing.T, data string) control.Moved {
	t.Helper()
	var s control.Status
	if err := json.Unmarshal([]byte(ok(t, data, "", "status", "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return s.Moved
}

// TestMoved counts the bytes that puts, gets, imports and exports move over the socket to the host, again when nothing has
// changed.
func TestMoved(t *testing.T) {
	data, local := newHost(t), t.TempDir()
	in, out, archive := filepath.Join(local, "in"), filepath.Join(local, "out"), filepath.Join(local, "r.tar")
	files := map[string]string{"a": "1", "d/b": "22", "big": strings.Repeat("0123456789", 300_000)}
	writeTree(t, in, files)
	const size = 3_000_003
	ok(t, data, "", "repo", "create", "r")
	ok(t, data, "", "repo", "create", "s")
	for _, c := range []struct {
		name, stdin string
		args        []string
		// first and again are what is moved the first time and the second.
		first, again control.Moved
	}{
		{"put", "", []string{"put", in, "r"}, control.Moved{In: size}, control.Moved{}},
		{"get", "", []string{"get", "r", out}, control.Moved{Out: size}, control.Moved{}},
		{"import of a directory", "", []string{"import", in, "r:/i"}, control.Moved{In: size}, control.Moved{}},
		{"export to a directory", "", []string{"export", "r:/i", out}, control.Moved{}, control.Moved{}},
		{"export", "", []string{"export", "r:/i", archive}, control.Moved{Out: size}, control.Moved{Out: size}},
		{"import", "", []string{"import", archive, "s"}, control.Moved{In: size}, control.Moved{}},
	} {
		for i, want := range []control.Moved{c.first, c.again} {
			before := moved(t, data)
			printed := ok(t, data, c.stdin, c.args...)
			after := moved(t, data)
			if got := (control.Moved{In: after.In - before.In, Out: after.Out - before.Out}); got != want {
				t.Errorf("%s, %d times before: %+v, want %+v", c.name, i, got, want)
			}
			if i == 1 && printed != "" {
				t.Errorf("%s of what is there prints %q", c.name, printed)
			}
		}
	}
	piped, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	before := moved(t, data)
	if got := ok(t, data, string(piped), "import", "-", "s"); got != "" {
		t.Errorf("an import from a pipe made the commit %s", got)
	}
	if got := moved(t, data).In - before.In; got != 3_000_000 {
		t.Errorf("%d bytes were moved from a pipe: all but those of small files must", got)
	}
}

// TestGetGoesOn gets a file of which an earlier get, that was cut off, had a part; or something else.
func TestGetGoesOn(t *testing.T) {
	data, local := newHost(t), t.TempDir()
	text := strings.Repeat("0123456789abcdef", 1<<18)
	ok(t, data, "", "repo", "create", "r")
	id(t, data, text, "put", "-", "r:/f")
	var e control.Entry
	if err := json.Unmarshal([]byte(ok(t, data, "", "stat", "--json", "r:/f")), &e); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, part string
		// moves is how much is fetched after that.
		moves int64
	}{
		{"nothing", "", 4 << 20},
		{"little", text[:1000], 4 << 20},
		{"three quarters", text[:3<<20+10], 1 << 20},
		{"all", text, 0},
		{"other bytes", strings.Repeat("x", 3<<20), 5 << 20},
		{"too much", text + text, 4 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(local, c.name)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			r := receiver{root: root}
			part, err := r.begin("f", e)
			if err != nil {
				t.Fatal(err)
			}
			gone := errors.New("the connection is gone")
			err = part.end(part.receive(io.MultiReader(strings.NewReader(c.part), iotest.ErrReader(gone))))
			if !errors.Is(err, gone) {
				t.Fatalf("a get that is cut off: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "f")); err == nil {
				t.Error("a get that was cut off has made the file")
			}
			before := moved(t, data)
			ok(t, data, "", "get", "r:/f", dir)
			if got := moved(t, data).Out - before.Out; got != c.moves {
				t.Errorf("%d bytes were moved, want %d", got, c.moves)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || string(got) != text {
				t.Errorf("the file is not what is stored: %d bytes, %v", len(got), err)
			}
			if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
				t.Errorf("the get has left %v, %v", names, err)
			}
		})
	}
}

// entryOf returns what the store would tell of a file "f" of that text.
func entryOf(t *testing.T, text string) control.Entry {
	t.Helper()
	sum, err := hashOf(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return control.Entry{Path: "f", Kind: "file", Size: int64(len(text)), ETag: sum, Mode: 0o600}
}

// TestGetsOfOneFile has two gets of a file to one place at a time.
func TestGetsOfOneFile(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	e, r := entryOf(t, "text"), receiver{root: root}
	first, err := r.begin("f", e)
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.begin("f", e)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []*partial{first, second} {
		if err := part.end(part.receive(strings.NewReader("text"))); err != nil {
			t.Error(err)
		}
	}
	if got, err := root.ReadFile("f"); err != nil || string(got) != "text" {
		t.Errorf("the file is %q, %v", got, err)
	}
}

// TestForeignPart has somebody else's file where a get would go on with what has come.
func TestForeignPart(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	e, r := entryOf(t, "text"), receiver{root: root}
	// It has another name, under which it could be read and written later.
	if err := os.WriteFile(filepath.Join(dir, "other"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "other"), filepath.Join(dir, r.temporary("f", e))); err != nil {
		t.Fatal(err)
	}
	part, err := r.begin("f", e)
	if err != nil {
		t.Fatal(err)
	}
	if err := part.end(part.receive(strings.NewReader("text"))); err != nil {
		t.Error(err)
	}
	if got, err := root.ReadFile("f"); err != nil || string(got) != "text" {
		t.Errorf("the file is %q, %v", got, err)
	}
	if got, err := root.ReadFile("other"); err != nil || len(got) > 0 {
		t.Errorf("the other file is %q, %v", got, err)
	}
}

// TestArchiveMode exports over a file that nobody else may read, which stays so.
func TestArchiveMode(t *testing.T) {
	data, archive := newData(t), filepath.Join(t.TempDir(), "x.tar")
	ok(t, data, "", "repo", "create", "r")
	id(t, data, "text", "put", "-", "r:/f")
	if err := os.WriteFile(archive, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ok(t, data, "", "export", "r", archive)
	info, err := os.Stat(archive)
	if err != nil || info.Mode() != 0o600 || info.Size() == 0 {
		t.Errorf("the archive is %v, %v", info, err)
	}
}

// TestArchiveKeepsAll imports an archive with all that one can hold, exports it, and compares.
func TestArchiveKeepsAll(t *testing.T) {
	data := newHost(t)
	when := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	heads := []*tar.Header{
		{Typeflag: tar.TypeDir, Name: "d/", Mode: 0o750},
		{Typeflag: tar.TypeReg, Name: "d/suid", Mode: 0o4755, Size: 4},
		{Typeflag: tar.TypeReg, Name: "d/x", Mode: 0o600, Size: 4, PAXRecords: map[string]string{paxXattr + "user.colour": "red\x00"}},
		{Typeflag: tar.TypeFifo, Name: "fifo", Mode: 0o622},
		{Typeflag: tar.TypeSymlink, Name: "link", Mode: 0o777, Linkname: "d/\xff"},
		{Typeflag: tar.TypeChar, Name: "null", Mode: 0o666, Devmajor: 1, Devminor: 3},
		{Typeflag: tar.TypeBlock, Name: "sda", Mode: 0o660, Devmajor: 8},
	}
	var in bytes.Buffer
	w := tar.NewWriter(&in)
	for _, h := range heads {
		h.ModTime, h.Format, h.Uid, h.Gid = when, tar.FormatPAX, os.Geteuid(), os.Getegid()
		if os.Geteuid() == 0 {
			h.Uid, h.Gid = 1234, 5678
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, "text"[:h.Size]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ok(t, data, "", "repo", "create", "r")
	first := id(t, data, in.String(), "import", "-", "r")
	if again := ok(t, data, in.String(), "import", "-", "r"); again != "" {
		t.Errorf("an import of what is there made the commit %s after %s", again, first)
	}
	out := tar.NewReader(strings.NewReader(ok(t, data, "", "export", "r", "-")))
	for _, want := range heads {
		got, err := out.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got.Typeflag != want.Typeflag || got.Name != want.Name || got.Mode != want.Mode || !got.ModTime.Equal(when) ||
			got.Linkname != want.Linkname || got.Uid != want.Uid || got.Gid != want.Gid || got.Devmajor != want.Devmajor ||
			got.Devminor != want.Devminor || got.Size != want.Size {
			t.Errorf("%s came back as %+v", want.Name, got)
		}
		for key, value := range want.PAXRecords {
			if got.PAXRecords[key] != value {
				t.Errorf("%s has the records %q", want.Name, slices.Collect(maps.Keys(got.PAXRecords)))
			}
		}
	}
	if h, err := out.Next(); err != io.EOF {
		t.Errorf("there is more: %+v, %v", h, err)
	}
}

// TestOwnersOfDirectories exports to a directory and imports it again, as root, who alone can give files away.
func TestOwnersOfDirectories(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root keeps owners")
	}
	data, local := newHost(t), t.TempDir()
	in, out := filepath.Join(local, "in"), filepath.Join(local, "out")
	writeTree(t, in, map[string]string{"d/f": "1"})
	if err := os.Symlink("f", filepath.Join(in, "d", "link")); err != nil {
		t.Fatal(err)
	}
	names := []string{"d", "d/f", "d/link"}
	for i, name := range names {
		if err := os.Lchown(filepath.Join(in, name), 100+i, 200+i); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(in, "d/f"), 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	ok(t, data, "", "repo", "create", "r")
	id(t, data, "", "import", in, "r")
	ok(t, data, "", "export", "r", out)
	for i, name := range names {
		var stat unix.Stat_t
		if err := unix.Lstat(filepath.Join(out, name), &stat); err != nil || stat.Uid != uint32(100+i) || stat.Gid != uint32(200+i) {
			t.Errorf("%s belongs to %d:%d, %v", name, stat.Uid, stat.Gid, err)
		}
		if was, err := os.Lstat(filepath.Join(in, name)); err != nil || was.ModTime().UnixNano() != stat.Mtim.Nano() {
			t.Errorf("%s is of %d, %v", name, stat.Mtim.Nano(), err)
		}
		if i == 1 && stat.Mode&0o7777 != 0o4755 {
			t.Errorf("%s has the mode %o", name, stat.Mode)
		}
	}
	// What is there already keeps its mode.
	ok(t, data, "", "export", "r", out)
	if info, err := os.Stat(filepath.Join(out, "d/f")); err != nil || info.Mode() != 0o755|os.ModeSetuid {
		t.Errorf("after another export a file has the mode %v (%v)", info.Mode(), err)
	}
}

// TestTimesOutOfRange imports an archive with times that 64 bits of nanoseconds cannot tell: the nearest are stored.
func TestTimesOutOfRange(t *testing.T) {
	data := newHost(t)
	var in bytes.Buffer
	w := tar.NewWriter(&in)
	for name, year := range map[string]int{"future": 5138, "far": 300_000, "past": -1200} {
		h := tar.Header{Typeflag: tar.TypeCont, Name: name, Format: tar.FormatPAX, ModTime: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ok(t, data, "", "repo", "create", "r")
	id(t, data, in.String(), "import", "-", "r")
	want := map[string]int{"future": 2262, "far": 2262, "past": 1677}
	out := tar.NewReader(strings.NewReader(ok(t, data, "", "export", "r", "-")))
	for range want {
		h, err := out.Next()
		if err != nil || h.ModTime.UTC().Year() != want[h.Name] {
			t.Errorf("%+v came back, %v", h, err)
		}
	}
}
