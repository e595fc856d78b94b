package cli

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// during is a transport that calls do when so many bytes of each MiB of a put's body have been taken: the sender waits
// meanwhile, a few hundred KiB further on.
type during struct {
	http.RoundTripper
	do func()
}

func (d during) RoundTrip(r *http.Request) (*http.Response, error) {
	if path.Base(r.URL.Path) == "put" {
		r = r.Clone(r.Context())
		r.Body = &countedBody{ReadCloser: r.Body, do: d.do}
	}
	return d.RoundTripper.RoundTrip(r)
}

type countedBody struct {
	io.ReadCloser
	do   func()
	read int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	before := b.read >> 20
	if b.read += int64(n); b.read>>20 > before {
		b.do()
	}
	return n, err
}

// disturbed is a store with a branch r, and commands on it, in the middle of whose puts do is called.
type disturbed struct {
	t      *testing.T
	store  *pfs.Store
	client *control.Client
	p      *program
	do     func()
	stderr bytes.Buffer
}

func newDisturbed(t *testing.T) *disturbed {
	c := &disturbed{t: t, store: pfstest.NewStore(t)}
	rt := control.NewInProcess(control.New(c.store, control.Config{Data: "/data", Now: time.Now}))
	t.Cleanup(rt.Wait)
	c.client = control.NewClient(during{rt, func() { c.do() }})
	c.p = newProgram("", nil, io.Discard, &c.stderr)
	if _, err := c.client.CreateRepo(t.Context(), control.RepoRequest{Name: "r"}); err != nil {
		t.Fatal(err)
	}
	return c
}

// put stores source at the path, with do in the middle of it, and returns the exit code and what was said.
func (c *disturbed) put(source, to string, do func()) (code int, said string) {
	stream := source == "-"
	return c.command(do, func(flags *cli.Context, dest address) error {
		copies := []localCopy{{source: source, path: to, stream: stream}}
		return c.p.putAll(c.t.Context(), flags, c.client, dest, puts{copies: copies, names: c.p.naming(flags)})
	})
}

func (c *disturbed) command(do func(), run func(*cli.Context, address) error) (code int, said string) {
	c.t.Helper()
	dest, err := parseAddress("r")
	if err != nil {
		c.t.Fatal(err)
	}
	c.do = do
	c.stderr.Reset()
	code = c.p.report(run(cli.NewContext(nil, flag.NewFlagSet("", 0), nil), dest))
	return code, c.stderr.String()
}

// want checks the bytes of a stored file; "" means that there is none.
func (c *disturbed) want(name, want string) {
	c.t.Helper()
	var got strings.Builder
	err := c.client.Cat(c.t.Context(), control.FileRequest{Ref: "r", Path: name}, &got)
	if pfs.KindOf(err) == pfs.KindFileNotFound {
		err = nil
	}
	if err != nil || got.String() != want {
		c.t.Errorf("%s has %d bytes, %.20q, want %d, %.20q; %v", name, got.Len(), got.String(), len(want), want, err)
	}
}

// The text of a file that is longer than all buffers between its reader and the store.
var (
	oldText = strings.Repeat("old text", 1<<19)
	newText = strings.Repeat("new text", 1<<19)
)

// changes are ways in which a file changes while it is read, and what it has then.
func changes(t *testing.T) map[string]struct {
	do func(name string) error
	// after is the file's new text; gone is set when the file that is read is not changed, but loses its name.
	after string
	gone  bool
} {
	type change = struct {
		do    func(name string) error
		after string
		gone  bool
	}
	other := filepath.Join(t.TempDir(), "other")
	pwrite := func(name, text string, off int64) error {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte(text), off)
		return errors.Join(err, f.Close())
	}
	return map[string]change{
		"written over": {do: func(name string) error { return pwrite(name, newText, 0) }, after: newText},
		"written over, with its time set back": {do: func(name string) error {
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			return errors.Join(pwrite(name, newText, 0), os.Chtimes(name, time.Time{}, info.ModTime()))
		}, after: newText},
		"longer":  {do: func(name string) error { return pwrite(name, newText, int64(len(oldText))) }, after: oldText + newText},
		"shorter": {do: func(name string) error { return os.Truncate(name, 2<<20) }, after: oldText[:2<<20]},
		"empty":   {do: func(name string) error { return os.Truncate(name, 0) }, after: ""},
		"replaced": {do: func(name string) error {
			return errors.Join(os.WriteFile(other, []byte(newText), 0o600), os.Rename(other, name))
		}, gone: true},
		"removed": {do: os.Remove, gone: true},
	}
}

// TestPutOfAFileThatChangesOnce reads it again, and stores it as it is then. One that has lost its name is whole as it is.
func TestPutOfAFileThatChangesOnce(t *testing.T) {
	for name, change := range changes(t) {
		t.Run(name, func(t *testing.T) {
			c, file := newDisturbed(t), filepath.Join(t.TempDir(), "f")
			writeTree(t, filepath.Dir(file), map[string]string{"f": oldText})
			done := false
			code, said := c.put(file, "f", func() {
				if done {
					return
				}
				done = true
				if err := change.do(file); err != nil {
					t.Error(err)
				}
			})
			if code != exitOK || said != "" {
				t.Errorf("exit code %d: %s", code, said)
			}
			if change.gone {
				change.after = oldText
			}
			c.want("f", change.after)
		})
	}
}

// TestPutOfAFileThatChangesAlways stores nothing when the file was named, and all but it when it was found in a directory.
func TestPutOfAFileThatChangesAlways(t *testing.T) {
	c, dir := newDisturbed(t), t.TempDir()
	file := filepath.Join(dir, "b")
	writeTree(t, dir, map[string]string{"a": "1", "b": oldText, "c": "3"})
	change := func() {
		if f, err := os.OpenFile(file, os.O_WRONLY, 0); err != nil {
			t.Error(err)
		} else if _, err := f.WriteAt([]byte("x"), 0); err != nil || f.Close() != nil {
			t.Error(err)
		}
	}
	code, said := c.put(file, "f", change)
	if code != exitFailure || !strings.HasPrefix(said, "pfsd: "+file+": it was changed while it was read") {
		t.Errorf("a file: exit code %d: %s", code, said)
	}
	c.want("f", "")
	code, said = c.put(dir, "d", change)
	want := "pfsd: " + file + " is left out: it was changed while it was read\n" +
		"pfsd: 1 changing file left out, and all else is stored: put again what is missing\n"
	if code != exitFailure || said != want {
		t.Errorf("a directory: exit code %d: %s", code, said)
	}
	c.want("d/a", "1")
	c.want("d/b", "")
	c.want("d/c", "3")
}

// TestPutOfAGrowingFile reads one that grows by more than was read of it, and would have no end.
func TestPutOfAGrowingFile(t *testing.T) {
	c, file := newDisturbed(t), filepath.Join(t.TempDir(), "f")
	writeTree(t, filepath.Dir(file), map[string]string{"f": oldText})
	size := int64(len(oldText))
	code, said := c.put(file, "f", func() {
		size += 2 << 20
		if err := os.Truncate(file, size); err != nil {
			t.Error(err)
		}
	})
	if code != exitFailure || !strings.Contains(said, "it was changed while it was read") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// TestPutOfStdinThatChanges refuses a file that is stdin, which cannot be read again.
func TestPutOfStdinThatChanges(t *testing.T) {
	c, name := newDisturbed(t), filepath.Join(t.TempDir(), "f")
	writeTree(t, filepath.Dir(name), map[string]string{"f": oldText})
	for _, truncates := range []bool{true, false} {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		c.p.stdin = file
		code, said := c.put("-", "f", func() {
			if !truncates {
				return
			}
			if err := os.Truncate(name, 2<<20); err != nil {
				t.Error(err)
			}
		})
		if wrong := "pfsd: stdin: it was changed while it was read\n"; truncates && (code != exitFailure || said != wrong) {
			t.Errorf("exit code %d: %s", code, said)
		} else if !truncates && code != exitOK {
			t.Errorf("of what does not change: exit code %d: %s", code, said)
		}
	}
	c.want("f", oldText[:2<<20])
}

// TestImportOfAnArchiveThatChanges imports nothing from it.
func TestImportOfAnArchiveThatChanges(t *testing.T) {
	c, name := newDisturbed(t), filepath.Join(t.TempDir(), "r.tar")
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "f", Size: int64(len(oldText)), Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, oldText); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for _, length := range []int64{2 << 20, 8 << 20} {
		writeTree(t, filepath.Dir(name), map[string]string{"r.tar": archive.String()})
		code, said := c.command(func() { _ = os.Truncate(name, length) }, func(flags *cli.Context, dest address) error {
			file, err := os.Open(name)
			if err != nil {
				return err
			}
			defer file.Close()
			return c.p.importArchive(t.Context(), flags, c.client, dest, file)
		})
		if want := "pfsd: the archive: it was changed while it was read: nothing was imported\n"; code != exitFailure || said != want {
			t.Errorf("cut to %d: exit code %d: %s", length, code, said)
		}
	}
	c.want("f", "")
}

// TestChangesInADirectory has what was found in a directory become something else before it is sent.
func TestChangesInADirectory(t *testing.T) {
	for name, change := range map[string]func(name string) error{
		"gone":        func(string) error { return nil },
		"a pipe":      func(name string) error { return unix.Mkfifo(name, 0o600) },
		"a link":      func(name string) error { return os.Symlink("f", name) },
		"a directory": func(name string) error { return os.Mkdir(name, 0o700) },
		"a socket":    func(name string) error { return unix.Mknod(name, unix.S_IFSOCK|0o600, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeTree(t, dir, map[string]string{"file": "1", "dir/below": "2"})
			if err := os.Symlink("to", filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			s := sender{
				ctx: t.Context(), parts: control.NewPartWriter(io.Discard),
				warn: newProgram("", nil, nil, &said).warn, names: &naming{},
			}
			found := make(chan *local, 8)
			if err := s.walk(t.Context(), dir, "to", found); err != nil {
				t.Fatal(err)
			}
			close(found)
			var all []*local
			for l := range found {
				all = append(all, l)
			}
			left := 0
			for _, l := range slices.Backward(all) {
				if l.named || l.entry.IsDir() && name == "a directory" || l.entry.Type() == os.ModeSymlink && name == "a link" {
					continue // it is what it was
				}
				left++
				if err := errors.Join(os.RemoveAll(l.name), change(l.name)); err != nil {
					t.Fatal(err)
				}
				if err := s.sendEntry(l); err != nil {
					t.Errorf("%s: %v", l.name, err)
				}
				if s.leftOut != left || !strings.Contains(said.String(), l.name+" is left out") {
					t.Errorf("%s was sent, or nothing said about it but %s", l.name, &said)
				}
			}
			if left < 3 {
				t.Errorf("only %d were tried", left)
			}
		})
	}
}

// TestDirectoryThatBecomesALink has a directory replaced by a link to another one: before it is listed, and before a file in it is
// read, or compared. Nothing of the other one is sent, be it a file, a link or a name.
func TestDirectoryThatBecomesALink(t *testing.T) {
	for _, when := range []string{"sub", "sub/f", "sub/g"} {
		dir, other := t.TempDir(), t.TempDir()
		writeTree(t, dir, map[string]string{"sub/f": "1", "sub/g": "2", "sub/link": "3", "z": "4"})
		writeTree(t, other, map[string]string{"f": "secret", "g": "secret", "secret/f": ""})
		for _, in := range []string{filepath.Join(dir, "sub"), other} {
			os.Remove(filepath.Join(in, "link"))
			if err := os.Symlink("to "+filepath.Base(in), filepath.Join(in, "link")); err != nil {
				t.Fatal(err)
			}
		}
		var sent, said bytes.Buffer
		parts := control.NewPartWriter(&sent)
		s := sender{ctx: t.Context(), parts: parts, warn: newProgram("", nil, nil, &said).warn, names: &naming{}}
		found := make(chan *local)
		walked := make(chan error, 1)
		go func() {
			defer close(found)
			walked <- s.walk(t.Context(), dir, "to", found)
		}()
		replaced := false
		for l := range found {
			if l.to == "to/"+when && !replaced {
				replaced = true
				at := filepath.Join(dir, "sub")
				if err := errors.Join(os.Rename(at, filepath.Join(dir, ".was")), os.Symlink(other, at)); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.sendEntry(l); err != nil {
				t.Errorf("%s: %v", l.name, err)
			}
		}
		if err := errors.Join(<-walked, s.top.Close(), parts.Close(nil)); err != nil {
			t.Error(err)
		}
		if bytes.Contains(sent.Bytes(), []byte("secret")) || bytes.Contains(sent.Bytes(), []byte("to "+filepath.Base(other))) {
			t.Errorf("replaced before %s: sent was %q", when, sent.Bytes())
		}
		if !bytes.Contains(sent.Bytes(), []byte("to/z")) || s.leftOut == 0 || !strings.Contains(said.String(), "sub") {
			t.Errorf("replaced before %s: %q was sent, and said %s", when, sent.Bytes(), &said)
		}
	}
}

// TestComparedThenChanged has a file change after it was found to be stored already: the time that it had then goes with
// the bytes that it had then.
func TestComparedThenChanged(t *testing.T) {
	name, when := filepath.Join(t.TempDir(), "f"), time.Unix(1_000_000_000, 0)
	writeTree(t, filepath.Dir(name), map[string]string{"f": "text"})
	if err := os.Chtimes(name, when, when); err != nil {
		t.Fatal(err)
	}
	e := entryOf(t, "text")
	l := &local{name: name}
	if err := l.compare(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	writeTree(t, filepath.Dir(name), map[string]string{"f": "next"})
	if l.etag != e.ETag || !l.info.ModTime().Equal(when) {
		t.Errorf("it was found to be %+v", l)
	}
	if l = (&local{name: name}); l.compare(t.Context(), &e) != nil || l.etag != "" {
		t.Errorf("after the change it was found to be %+v", l)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := l.compare(t.Context(), &e); err != nil {
		t.Errorf("what has gone is left to the sender, but: %v", err)
	}
}

// TestPutOfWhatTheKernelMakesUp stores files that say that they are empty.
func TestPutOfWhatTheKernelMakesUp(t *testing.T) {
	text, err := os.ReadFile("/proc/version")
	if err != nil {
		t.Fatal(err)
	}
	c := newDisturbed(t)
	if code, said := c.put("/proc/version", "f", func() {}); code != exitOK {
		t.Errorf("exit code %d: %s", code, said)
	}
	c.want("f", string(text))
}

// TestUntilNextTick waits for as long as a change could go unseen.
func TestUntilNextTick(t *testing.T) {
	exact, whole := time.Unix(1_000_000, 4_000_000), time.Unix(1_000_000, 0)
	for _, tt := range []struct {
		changed time.Time
		age     time.Duration
		want    time.Duration
	}{
		{exact, 0, tick}, {exact, tick / 2, tick / 2}, {exact, tick, 0}, {exact, time.Hour, 0},
		{exact, -tick, 2 * tick}, {exact, -time.Hour, 0},
		{whole, 0, longTick}, {whole, tick, longTick - tick}, {whole, longTick, 0},
	} {
		if got := untilNextTick(tt.changed, tt.changed.Add(tt.age)); got != tt.want {
			t.Errorf("changed at %v, and %v later: %v, want %v", tt.changed.UnixNano(), tt.age, got, tt.want)
		}
	}
}
