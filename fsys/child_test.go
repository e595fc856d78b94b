package fsys_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"lukechampine.com/blake3"

	"pfsd/fsys"
	"pfsd/pfs"
)

// The mounts of these tests are served by a child process, since a process that waits for its own mount can deadlock: the
// test binary runs itself again, and answers over its standard input and output.

const childEnv = "FSYS_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(childMain(dir))
	}
	code := m.Run()
	if left := mounts(); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "mounts left behind:", left)
		code = 1
	}
	os.Exit(code)
}

// rootPrefix begins the names of the directories of this process's tests.
func rootPrefix() string { return fmt.Sprintf("fsys-test-%d-", os.Getpid()) }

// mounts returns where file systems of this package are mounted below the directories of tests.
func mounts() (dirs []string) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(table)) {
		if strings.Contains(line, "fuse.pfsd") && strings.Contains(line, rootPrefix()) {
			dirs = append(dirs, strings.Fields(line)[4])
		}
	}
	return dirs
}

// Child is what the child process does for the test.
type Child struct {
	store   *pfs.Store
	dir     string
	names   *fsys.Names
	servers map[string]*fsys.Server
	now     func() time.Time
}

// readWriter joins standard input and output.
type readWriter struct {
	io.Reader
	io.WriteCloser
}

func childMain(dir string) int {
	now := time.Now
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, err := pfs.Open(context.Background(), filepath.Join(dir, "data"), pfs.Options{
		Now: now, Rand: rand.Reader, Memory: 64 << 20, Log: log,
	})
	if err != nil {
		log.Error("open", "error", err)
		return 1
	}
	child := &Child{store: store, dir: dir, names: fsys.NewNames(), servers: make(map[string]*fsys.Server), now: now}
	server := rpc.NewServer()
	if err := server.Register(child); err != nil {
		log.Error("register", "error", err)
		return 1
	}
	server.ServeCodec(jsonrpc.NewServerCodec(readWriter{os.Stdin, os.Stdout}))
	return child.end(log)
}

// end closes what is still open, and checks the store.
func (c *Child) end(log *slog.Logger) int {
	code := 0
	for dir, s := range c.servers {
		if err := s.Close(context.Background()); err != nil {
			log.Error("close", "dir", dir, "error", err)
			_ = fsys.Detach(dir, true)
			code = 1
		}
	}
	report, err := c.store.Check(context.Background(), pfs.CheckOptions{Deep: true})
	if err != nil {
		log.Error("fsck", "error", err)
		return 1
	}
	for _, problem := range report.Problems {
		log.Error("fsck", "problem", problem)
		code = 1
	}
	if err := c.store.Close(); err != nil {
		log.Error("close", "error", err)
		code = 1
	}
	if left := goroutines(); left != "" {
		log.Error("goroutines left behind", "stacks", left)
		code = 1
	}
	return code
}

// goroutines returns the stacks of goroutines of the package under test, or of the library that it uses.
func goroutines() string {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 2); err != nil {
		return err.Error()
	}
	var left []string
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, "pfsd/fsys.") || strings.Contains(stack, "go-fuse") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// MountArgs say what to mount where.
type MountArgs struct {
	Ref, Dir string
	// LinkEvery is that of fsys.Config.
	LinkEvery time.Duration
	Debug     bool
}

// Mount mounts a version.
func (c *Child) Mount(a MountArgs, _ *int) error {
	ref, err := pfs.ParseRef(a.Ref)
	if err != nil {
		return err
	}
	root := os.Geteuid() == 0
	fd, err := fsys.Attach(a.Dir, fsys.AttachOptions{
		Source: "fsys-test", AllowOther: root,
		// Where the kernel does not let root change everything, it would look at modes first.
		ReadOnly: !root && !ref.IsBranch(),
	})
	if err != nil {
		return err
	}
	level := slog.LevelWarn
	if a.Debug {
		level = slog.LevelDebug
	}
	s, err := fsys.Serve(context.Background(), c.store, fd, fsys.Config{
		Ref: ref, Author: "test", Now: c.now, ScratchDir: c.dir, Dir: a.Dir, Names: c.names, LinkEvery: a.LinkEvery,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})), Debug: a.Debug,
	})
	if err != nil {
		return errors.Join(err, fsys.Detach(a.Dir, true))
	}
	c.servers[a.Dir] = s
	return nil
}

// Unmount closes a mount.
func (c *Child) Unmount(dir string, _ *int) error {
	s := c.servers[dir]
	delete(c.servers, dir)
	return s.Close(context.Background())
}

// Await waits for a mount that somebody has unmounted.
func (c *Child) Await(dir string, _ *int) error {
	s := c.servers[dir]
	delete(c.servers, dir)
	return s.Wait()
}

// CreateRepo makes a repo.
func (c *Child) CreateRepo(name string, _ *int) error {
	_, err := c.store.CreateRepo(context.Background(), name, owner(), pfs.By{Origin: pfs.OriginCLI})
	return err
}

// owner is who owns new branches.
func owner() pfs.Owner { return pfs.Owner{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())} }

// CreateBranch makes an empty branch.
func (c *Child) CreateBranch(name string, _ *int) error {
	ref, err := pfs.ParseRef(name)
	if err != nil {
		return err
	}
	_, err = c.store.CreateBranch(context.Background(), ref, pfs.BranchOptions{Owner: owner(), By: pfs.By{Origin: pfs.OriginCLI}})
	return err
}

// DeleteBranch deletes a branch.
func (c *Child) DeleteBranch(name string, _ *int) error {
	ref, err := pfs.ParseRef(name)
	if err != nil {
		return err
	}
	return c.store.DeleteBranch(context.Background(), ref, false)
}

// File is a file of a branch.
type File struct {
	Ref, Path string
	Data      []byte
	// Absent is set when there is none.
	Absent bool
	ETag   string
	Mtime  int64
}

// Put writes a file as an object store does.
func (c *Child) Put(f File, _ *int) error {
	ref, err := pfs.ParseRef(f.Ref)
	if err != nil {
		return err
	}
	ctx := context.Background()
	in, err := c.store.Ingest(ctx, bytes.NewReader(f.Data))
	if err != nil {
		return err
	}
	defer in.Release()
	_, err = c.store.Update(ctx, ref, pfs.By{Origin: pfs.OriginS3}, func(tx *pfs.Tx) error {
		return tx.PutFile(f.Path, in.Content, nil, f.Mtime)
	})
	return err
}

// Remove removes a file as an object store does.
func (c *Child) Remove(f File, _ *int) error {
	ref, err := pfs.ParseRef(f.Ref)
	if err != nil {
		return err
	}
	_, err = c.store.Update(context.Background(), ref, pfs.By{Origin: pfs.OriginS3}, func(tx *pfs.Tx) error {
		return tx.Remove(f.Path)
	})
	return err
}

// Get reads a file.
func (c *Child) Get(f File, out *File) error {
	ref, err := pfs.ParseRef(f.Ref)
	if err != nil {
		return err
	}
	ctx := context.Background()
	snap, err := c.store.Snapshot(ctx, ref)
	if err != nil {
		return err
	}
	e, err := snap.Stat(ctx, f.Path)
	if pfs.KindOf(err) == pfs.KindFileNotFound {
		out.Absent = true
		return nil
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	_, err = c.store.OpenContent(e.Content).CopyRange(ctx, &b, 0, e.Content.Size)
	out.Data, out.ETag, out.Mtime = b.Bytes(), e.Content.ETag(), e.Mtime
	return err
}

// Sum returns the BLAKE3 of the bytes of a file as they are read.
func (c *Child) Sum(f File, out *string) error {
	ref, err := pfs.ParseRef(f.Ref)
	if err != nil {
		return err
	}
	ctx := context.Background()
	snap, err := c.store.Snapshot(ctx, ref)
	if err != nil {
		return err
	}
	file, err := snap.Open(ctx, f.Path)
	if err != nil {
		return err
	}
	h := blake3.New(32, nil)
	_, err = file.CopyRange(ctx, h, 0, file.Size())
	*out = hex.EncodeToString(h.Sum(nil))
	return err
}

// ETag returns the hash that the core says a file has.
func (c *Child) ETag(f File, out *string) error {
	ref, err := pfs.ParseRef(f.Ref)
	if err != nil {
		return err
	}
	ctx := context.Background()
	snap, err := c.store.Snapshot(ctx, ref)
	if err != nil {
		return err
	}
	e, err := snap.Stat(ctx, f.Path)
	*out = e.Content.ETag()
	return err
}

// List returns the paths of all files and directories of a branch.
func (c *Child) List(name string, out *[]string) error {
	ref, err := pfs.ParseRef(name)
	if err != nil {
		return err
	}
	ctx := context.Background()
	snap, err := c.store.Snapshot(ctx, ref)
	if err != nil {
		return err
	}
	*out = []string{}
	for item, err := range snap.Walk(ctx, "", "") {
		if err != nil {
			return err
		}
		*out = append(*out, item.Path)
	}
	return nil
}

// Stats returns the counts of a mount.
func (c *Child) Stats(dir string, out *fsys.Stats) error {
	*out = c.servers[dir].Stats()
	return nil
}

// Memory returns how much anonymous and shared memory the child has at most had, in KiB, as the kernel counts it.
func (c *Child) Memory(_ int, out *string) error {
	status, err := os.ReadFile("/proc/self/status")
	*out = string(status)
	return err
}

// fixture is a child process with an empty repo "data" and its branch mounted.
type fixture struct {
	t   *testing.T
	rpc *rpc.Client
	// dir is the mount, of branch master.data.
	dir  string
	root string
}

const branch = "master.data"

// newFixture starts a child process. Settings are added to its environment.
func newFixture(t *testing.T, env ...string) *fixture {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("this machine has no FUSE")
	}
	root, err := os.MkdirTemp("", rootPrefix())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	f := &fixture{t: t, dir: filepath.Join(root, "mnt"), root: root}
	f.start(env)
	f.call("CreateRepo", "data", nil)
	f.mount(branch, f.dir)
	return f
}

// start starts the child, which ends with the test.
func (f *fixture) start(env []string) {
	f.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childEnv+"="+f.root), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.rpc = jsonrpc.NewClient(readWriter{out, in})
	f.t.Cleanup(func() {
		f.rpc.Close()
		if err := cmd.Wait(); err != nil {
			f.t.Errorf("child: %v", err)
		}
		for _, dir := range mounts() {
			if strings.HasPrefix(dir, f.root+"/") {
				f.t.Errorf("%s was left mounted", dir)
				_ = fsys.Detach(dir, true)
			}
		}
	})
}

// call has the child do something, which must succeed.
func (f *fixture) call(method string, args, reply any) {
	f.t.Helper()
	if reply == nil {
		reply = new(int)
	}
	if err := f.rpc.Call("Child."+method, args, reply); err != nil {
		f.t.Fatalf("%s: %v", method, err)
	}
}

// mount mounts a version.
func (f *fixture) mount(ref, dir string) {
	f.t.Helper()
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			f.t.Fatal(err)
		}
	}
	f.call("Mount", MountArgs{Ref: ref, Dir: dir, Debug: os.Getenv("FSYS_DEBUG") != ""}, nil)
}

func (f *fixture) put(path, data string) {
	f.t.Helper()
	f.call("Put", File{Ref: branch, Path: path, Data: []byte(data)}, nil)
}

func (f *fixture) remove(path string) {
	f.t.Helper()
	f.call("Remove", File{Ref: branch, Path: path}, nil)
}

// get returns what the core has at a path.
func (f *fixture) get(path string) File {
	f.t.Helper()
	var out File
	f.call("Get", File{Ref: branch, Path: path}, &out)
	return out
}

func (f *fixture) requests(opcode string) uint64 {
	f.t.Helper()
	var out fsys.Stats
	f.call("Stats", f.dir, &out)
	return out.Requests[opcode]
}
