package control_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pfsd/cli/internal/control"
	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noDoors is a host without doors.
type noDoors struct{ unmounted []string }

func (d *noDoors) Doors() []control.Door {
	return []control.Door{{Kind: control.DoorS3, Addr: "127.0.0.1:1"}, {Kind: control.DoorMount, Dir: "/m"}}
}

func (d *noDoors) Unmount(_ context.Context, dir string) error {
	d.unmounted = append(d.unmounted, dir)
	return nil
}

// overHTTP sends requests to a server whatever host they name.
type overHTTP struct {
	*http.Transport
	host string
}

func (o overHTTP) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL = &url.URL{Scheme: "http", Host: o.host, Path: r.URL.Path}
	return o.Transport.RoundTrip(r)
}

// eachWay runs f with a client in process and with one over a connection: what they do must be the same.
func eachWay(t *testing.T, f func(t *testing.T, c *control.Client)) {
	handler := func(t *testing.T) http.Handler {
		return control.New(pfstest.NewStore(t), control.Config{Data: "/data", Now: time.Now, Doors: &noDoors{}})
	}
	t.Run("in process", func(t *testing.T) {
		rt := control.NewInProcess(handler(t))
		t.Cleanup(rt.Wait)
		f(t, control.NewClient(rt))
	})
	t.Run("over a connection", func(t *testing.T) {
		server := httptest.NewServer(handler(t))
		t.Cleanup(server.Close)
		transport := &http.Transport{DisableKeepAlives: true}
		f(t, control.NewClient(overHTTP{transport, server.Listener.Addr().String()}))
	})
}

// put stores files, by path.
func put(t *testing.T, c *control.Client, ref string, files map[string]string) control.Commit {
	t.Helper()
	commit, err := c.Put(t.Context(), control.PutRequest{Ref: ref}, func(parts *control.PartWriter) error {
		for path, text := range files {
			w, err := parts.Next(control.Entry{Path: path, Kind: "file", Mode: 0o640})
			if err != nil {
				return err
			}
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return commit
}

func collect[T any](t *testing.T, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for item, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item)
	}
	return all
}

func createRepo(t *testing.T, c *control.Client, name string) {
	t.Helper()
	if _, err := c.CreateRepo(t.Context(), control.RepoRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

func TestReposAndBranches(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		if got := collect(t, c.Repos(ctx)); len(got) != 0 {
			t.Errorf("an empty store lists %v", got)
		}
		createRepo(t, c, "images")
		put(t, c, "images", map[string]string{"a": "1"})
		_, err := c.CreateBranch(ctx, control.BranchRequest{Ref: "b.images", From: "master.images"})
		if err != nil {
			t.Fatal(err)
		}
		branches := collect(t, c.Branches(ctx, control.BranchRequest{Repo: "images"}))
		names := make([]string, len(branches))
		for i, b := range branches {
			names[i] = b.Name
			if b.Totals.Files != 1 {
				t.Errorf("%s has %d files, want 1", b.Name, b.Totals.Files)
			}
		}
		if want := []string{"b", "master"}; !slices.Equal(names, want) {
			t.Errorf("branches %v, want %v", names, want)
		}
		if err := c.DeleteBranch(ctx, control.BranchRequest{Ref: "b.images"}); err != nil {
			t.Error(err)
		}
		if err := c.DeleteRepo(ctx, control.RepoRequest{Name: "images"}); pfs.KindOf(err) != pfs.KindNotEmpty {
			t.Errorf("deleting a repo with files: %v", err)
		}
		if err := c.DeleteRepo(ctx, control.RepoRequest{Name: "images", Force: true}); err != nil {
			t.Error(err)
		}
		if got := collect(t, c.Repos(ctx)); len(got) != 0 {
			t.Errorf("after the deletion there is %v", got)
		}
	})
}

func TestPutAndGet(t *testing.T) {
	files := map[string]string{"dir/a": "one", "dir/sub/b": strings.Repeat("long ", 1<<16), "empty": ""}
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		createRepo(t, c, "r")
		commit := put(t, c, "r", files)
		got := map[string]string{}
		err := c.Get(ctx, control.FileRequest{Ref: commit.ID.String() + ".r", Recursive: true},
			func(e control.Entry, body io.Reader) error {
				text, err := io.ReadAll(body)
				if e.Kind == "file" {
					got[e.Path] = string(text)
				}
				return err
			})
		if err != nil {
			t.Fatal(err)
		}
		for path, text := range files {
			if got[path] != text {
				t.Errorf("%s has %d bytes, want %d", path, len(got[path]), len(text))
			}
		}
		if len(got) != len(files) {
			t.Errorf("got %d files, want %d", len(got), len(files))
		}
		var one bytes.Buffer
		if err := c.Cat(ctx, control.FileRequest{Ref: "r", Path: "dir/a"}, &one); err != nil || one.String() != "one" {
			t.Errorf("cat: %q, %v", one.String(), err)
		}
		s, err := c.Stat(ctx, control.FileRequest{Ref: "r", Path: "dir/sub/b", Chunks: true})
		if err != nil || s.Version == nil || *s.Version != commit.ID || s.Mode != 0o640 || len(s.Chunks) == 0 {
			t.Errorf("stat: %+v, %v", s, err)
		}
	})
}

// TestPutIsWholeOrNothing has puts fail in several ways after their first file.
func TestPutIsWholeOrNothing(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name  string
		cause func(cancel context.CancelFunc, parts *control.PartWriter) error
	}{
		{"the sender fails", func(context.CancelFunc, *control.PartWriter) error { return boom }},
		{"the sender goes away", func(cancel context.CancelFunc, _ *control.PartWriter) error {
			cancel()
			return nil
		}},
		{"a path is malformed", func(_ context.CancelFunc, parts *control.PartWriter) error {
			_, err := parts.Next(control.Entry{Path: "a//b", Kind: "file"})
			return err
		}},
		{"a file is below a file", func(_ context.CancelFunc, parts *control.PartWriter) error {
			_, err := parts.Next(control.Entry{Path: "first/second", Kind: "file"})
			return err
		}},
		{"a kind is unknown", func(_ context.CancelFunc, parts *control.PartWriter) error {
			_, err := parts.Next(control.Entry{Path: "x", Kind: "wormhole"})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, client *control.Client) {
				createRepo(t, client, "r")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				_, err := client.Put(ctx, control.PutRequest{Ref: "r"}, func(parts *control.PartWriter) error {
					w, err := parts.Next(control.Entry{Path: "first", Kind: "file"})
					if err != nil {
						return err
					}
					if _, err := io.WriteString(w, "bytes"); err != nil {
						return err
					}
					return c.cause(cancel, parts)
				})
				if err == nil {
					t.Error("the put succeeded")
				}
				if got := collect(t, client.List(t.Context(), control.FileRequest{Ref: "r", Recursive: true})); len(got) != 0 {
					t.Errorf("a failed put left %v", got)
				}
			})
		})
	}
}

func TestRemove(t *testing.T) {
	for _, c := range []struct {
		name      string
		paths     []string
		recursive bool
		kind      pfs.Kind
		left      int
	}{
		{"a file", []string{"d/a"}, false, 0, 2},
		{"a directory", []string{"d"}, false, pfs.KindIsDir, 3},
		{"a directory with all in it", []string{"d"}, true, 0, 1},
		{"all", []string{""}, true, 0, 0},
		{"one of two is missing", []string{"d/a", "nothing"}, false, pfs.KindFileNotFound, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, client *control.Client) {
				createRepo(t, client, "r")
				put(t, client, "r", map[string]string{"d/a": "1", "d/e/b": "2", "c": "3"})
				_, err := client.Remove(t.Context(), control.RemoveRequest{Ref: "r", Paths: c.paths, Recursive: c.recursive})
				if pfs.KindOf(err) != c.kind {
					t.Errorf("error %v, want of kind %v", err, c.kind)
				}
				s, err := client.Stat(t.Context(), control.FileRequest{Ref: "r"})
				if err != nil || int(s.Files) != c.left {
					t.Errorf("%d files are left, want %d (%v)", s.Files, c.left, err)
				}
			})
		})
	}
}

func TestHistory(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		createRepo(t, c, "r")
		first := put(t, c, "r", map[string]string{"f": "1"})
		put(t, c, "r", map[string]string{"other": "x"})
		last := put(t, c, "r", map[string]string{"f": "2"})
		lines := collect(t, c.Log(t.Context(), control.FileRequest{Ref: "r", Path: "f"}))
		if len(lines) != 2 || lines[0].ID != last.ID || lines[1].ID != first.ID || lines[0].Entry.ETag == lines[1].Entry.ETag {
			t.Errorf("log of the file: %+v", lines)
		}
		if n := len(collect(t, c.Log(t.Context(), control.FileRequest{Ref: "r", Limit: 2}))); n != 2 {
			t.Errorf("log of at most two has %d", n)
		}
		var was bytes.Buffer
		if err := c.Cat(t.Context(), control.FileRequest{Ref: "master^.r", Path: "f"}, &was); err != nil || was.String() != "1" {
			t.Errorf("before the last commit the file was %q, %v", was.String(), err)
		}
	})
}

func TestErrorsKeepTheirKind(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		ctx := t.Context()
		createRepo(t, c, "r")
		put(t, c, "r", map[string]string{"dir/f": "1"})
		list := func(r control.FileRequest) error {
			for _, err := range c.List(ctx, r) {
				return err
			}
			return nil
		}
		for _, e := range []struct {
			name string
			err  error
			want pfs.Kind
		}{
			{"no repo", list(control.FileRequest{Ref: "x"}), pfs.KindRepoNotFound},
			{"no branch", list(control.FileRequest{Ref: "x.r"}), pfs.KindBranchNotFound},
			{"no file", list(control.FileRequest{Ref: "r", Path: "x"}), pfs.KindFileNotFound},
			{"no ancestor", list(control.FileRequest{Ref: "master~99.r"}), pfs.KindCommitNotFound},
			{"malformed", list(control.FileRequest{Ref: "a.b.c.d"}), pfs.KindInvalid},
			{"cat of a directory", c.Cat(ctx, control.FileRequest{Ref: "r", Path: "dir"}, io.Discard), pfs.KindIsDir},
		} {
			if pfs.KindOf(e.err) != e.want {
				t.Errorf("%s: %v, want an error of kind %v", e.name, e.err, e.want)
			}
		}
		if _, err := c.CreateRepo(ctx, control.RepoRequest{Name: "r"}); pfs.KindOf(err) != pfs.KindExists {
			t.Errorf("a repo twice: %v", err)
		}
	})
}

func TestStatusAndCheck(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		createRepo(t, c, "r")
		s, err := c.Status(t.Context())
		if err != nil || s.Store.Repos != 1 || len(s.S3) != 1 || len(s.Mounts) != 1 || s.Mounts[0].Dir != "/m" {
			t.Errorf("status: %+v, %v", s, err)
		}
		report, err := c.Check(t.Context(), control.CheckRequest{Deep: true}, nil)
		if err != nil || len(report.Problems) != 0 || report.Repos != 1 {
			t.Errorf("check: %+v, %v", report, err)
		}
		if err := c.Unmount(t.Context(), control.UnmountRequest{Dir: "/m"}); err != nil {
			t.Error(err)
		}
	})
}

// TestVisitorsErrorEndsGet has a get end early, with nothing left running.
func TestVisitorsErrorEndsGet(t *testing.T) {
	enough := errors.New("enough")
	eachWay(t, func(t *testing.T, c *control.Client) {
		createRepo(t, c, "r")
		put(t, c, "r", map[string]string{"a": strings.Repeat("x", 1<<20), "b": "y"})
		req := control.FileRequest{Ref: "r", Recursive: true}
		err := c.Get(t.Context(), req, func(control.Entry, io.Reader) error { return enough })
		if !errors.Is(err, enough) {
			t.Errorf("get: %v", err)
		}
	})
}

// TestPutDoesNotWaitForItsSource has a put fail while its source has nothing to give.
func TestPutDoesNotWaitForItsSource(t *testing.T) {
	eachWay(t, func(t *testing.T, c *control.Client) {
		createRepo(t, c, "r")
		ctx, cancel := context.WithCancel(t.Context())
		source, end := io.Pipe()
		defer end.Close()
		_, err := c.Put(ctx, control.PutRequest{Ref: "r"}, func(parts *control.PartWriter) error {
			w, err := parts.Next(control.Entry{Path: "f", Kind: "file"})
			if err != nil {
				return err
			}
			cancel()
			_, err = io.Copy(w, source)
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}
