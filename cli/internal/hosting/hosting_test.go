package hosting

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pfsd/cli/internal/control"
	"pfsd/cli/internal/datadir"
	"pfsd/cli/internal/door"
	"pfsd/pfs"
)

// helperVariable makes the test binary a process that takes part in the store of the directory that it names.
const helperVariable = "PFSD_TEST_MEMBER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		os.Exit(helper(dir))
	}
	goleak.VerifyTestMain(m)
}

// helper joins, says as what, and makes a repo of each name on stdin until that ends.
func helper(path string) int {
	dir, err := datadir.Open(path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	m, err := Join(context.Background(), configOf(dir, true))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if m.Lost() == nil {
		fmt.Println("host")
	} else {
		fmt.Println("guest")
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		_, err := m.Client().CreateRepo(context.Background(), control.RepoRequest{Name: lines.Text()})
		fmt.Println(lines.Text(), err)
	}
	if err := m.Close(context.Background()); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func configOf(dir *datadir.Dir, doors bool) Config {
	return Config{
		Connections: 30, Dir: dir, Doors: doors, Version: "test", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Open: func(ctx context.Context) (*pfs.Store, error) {
			return pfs.Open(ctx, dir.Path(), pfs.Options{Now: time.Now, Rand: rand.Reader, Memory: 32 << 20})
		},
		Serve: func(*pfs.Store) door.Opener {
			return func(door.Spec, *os.File) (door.Server, error) { return nil, errors.New("no doors here") }
		},
	}
}

func newDir(t *testing.T) *datadir.Dir {
	t.Helper()
	return newDirAt(t, filepath.Join(t.TempDir(), "data"))
}

// newDirAt returns a data directory at path, with an empty store.
func newDirAt(t *testing.T, path string) *datadir.Dir {
	t.Helper()
	dir, _, err := datadir.Make(path)
	if err == nil {
		err = pfs.Create(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// join takes part until the test ends.
func join(t *testing.T, cfg Config) Member {
	t.Helper()
	m, err := Join(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func closeMember(t *testing.T, m Member) {
	t.Helper()
	if err := m.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func createRepo(t *testing.T, m Member, name string) {
	t.Helper()
	if _, err := m.Client().CreateRepo(t.Context(), control.RepoRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
}

func repoNames(t *testing.T, m Member) []string {
	t.Helper()
	var names []string
	for r, err := range m.Client().Repos(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, r.Name)
	}
	return names
}

// process is a helper that runs.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	role string
}

func start(t *testing.T, dir *datadir.Dir) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), helperVariable+"="+dir.Path())
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

// line returns the next line that the process prints.
func (p *process) line(t *testing.T) string {
	t.Helper()
	if !p.out.Scan() {
		t.Fatal("a process ended early")
	}
	return p.out.Text()
}

// TestOneHost starts several processes at once: one becomes the host, and all can use the store.
func TestOneHost(t *testing.T) {
	dir := newDir(t)
	const n = 5
	processes := make([]*process, n)
	for i := range processes {
		processes[i] = start(t, dir)
	}
	var host *process
	for _, p := range processes {
		if p.role = p.line(t); p.role == "host" {
			if host != nil {
				t.Fatal("there are two hosts")
			}
			host = p
		}
	}
	if host == nil {
		t.Fatal("there is no host")
	}
	for i, p := range processes {
		fmt.Fprintf(p.in, "r%d\n", i)
		if got, want := p.line(t), fmt.Sprintf("r%d <nil>", i); got != want {
			t.Errorf("%s said %q, want %q", p.role, got, want)
		}
	}
	m := join(t, configOf(dir, false))
	if names := repoNames(t, m); len(names) != n {
		t.Errorf("the store has %v, want %d repos", names, n)
	}
	closeMember(t, m)
	for _, p := range processes {
		if p != host {
			p.in.Close()
			if err := p.cmd.Wait(); err != nil {
				t.Error(err)
			}
		}
	}
	host.in.Close()
	if err := host.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(dir.Socket()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

// TestKilledHost kills the host: its guests are told, and the next process takes its place and finds what was acknowledged.
func TestKilledHost(t *testing.T) {
	dir := newDir(t)
	p := start(t, dir)
	if role := p.line(t); role != "host" {
		t.Fatal(role)
	}
	fmt.Fprintln(p.in, "kept")
	if got := p.line(t); got != "kept <nil>" {
		t.Fatal(got)
	}
	guest := join(t, configOf(dir, true))
	if guest.Lost() == nil {
		t.Fatal("there are two hosts")
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-guest.Lost()
	closeMember(t, guest)
	if _, err := os.Lstat(dir.Socket()); err != nil {
		t.Errorf("no stale socket to be replaced: %v", err)
	}
	host := join(t, configOf(dir, true))
	if host.Lost() != nil {
		t.Error("a guest of nobody")
	}
	if names := repoNames(t, host); len(names) != 1 || names[0] != "kept" {
		t.Errorf("the store has %v", names)
	}
	closeMember(t, host)
}

// TestShortHostWaitsForItsGuests ends a short host while it has a guest: the guest goes on until it is done.
func TestShortHostWaitsForItsGuests(t *testing.T) {
	dir := newDir(t)
	host := join(t, configOf(dir, false))
	guest := join(t, configOf(dir, false))
	createRepo(t, host, "a")
	ended := make(chan error, 1)
	go func() { ended <- host.Close(context.Background()) }()
	for turnedAway := false; !turnedAway; {
		conn, err := connect(dir.Socket(), wordJoin)
		var wait *waitError
		if turnedAway = errors.As(err, &wait); !turnedAway {
			conn.Close()
		}
	}
	createRepo(t, guest, "b")
	select {
	case err := <-ended:
		t.Fatalf("the host ended before its guest: %v", err)
	default:
	}
	closeMember(t, guest)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestDoorsWaitForAShortHost has a process with doors come while a short command is the host: it takes its place after it.
func TestDoorsWaitForAShortHost(t *testing.T) {
	dir := newDir(t)
	short := join(t, configOf(dir, false))
	waits := make(chan int, 1)
	cfg := configOf(dir, true)
	cfg.Wait = func(pid int) { waits <- pid }
	joined := make(chan Member, 1)
	go func() {
		m, err := Join(context.Background(), cfg)
		if err != nil {
			t.Error(err)
		}
		joined <- m
	}()
	if pid := <-waits; pid != os.Getpid() {
		t.Errorf("waiting for process %d, want %d", pid, os.Getpid())
	}
	closeMember(t, short)
	m := <-joined
	if m.Lost() != nil {
		t.Error("a guest of nobody")
	}
	closeMember(t, m)
}

// TestEndingHostTurnsGuestsAway ends a host with doors while it has a guest.
func TestEndingHostTurnsGuestsAway(t *testing.T) {
	dir := newDir(t)
	host := join(t, configOf(dir, true))
	guest := join(t, configOf(dir, true))
	closeMember(t, host)
	<-guest.Lost()
	if _, err := guest.Client().Status(t.Context()); err == nil {
		t.Error("a call to a host that has gone succeeded")
	}
	closeMember(t, guest)
}

// TestGarbage sends the host what no guest would, all of it at once, and then uses it.
func TestGarbage(t *testing.T) {
	dir := newDir(t)
	m := join(t, configOf(dir, true))
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	inputs := []string{
		"", "\n", "x", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "pfsd 2\n", "pfsd one call\n", "pfsd 2 call", "pfsd 2 frob\n",
		"pfsd 2 call\nGET / HTTP/1.1\r\n\r\n", "pfsd 2 call\nrubbish\r\n\r\n",
		"pfsd 2 call\nPOST /ls HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
		"pfsd 2 call\nPOST /put HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nrubbishes",
		"pfsd 2 door\n", "pfsd 2 door\n\xff\xff\xff\xff{",
		"pfsd 2 door\n\x00\x00\x00\x02{}", "pfsd 2 join\nrubbish", strings.Repeat("a", 1<<16), "pfsd 99999999999999999999 join\n",
	}
	for range 20 {
		noise := make([]byte, random.IntN(4096))
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		inputs = append(inputs, string(noise))
	}
	var sending sync.WaitGroup
	for _, input := range inputs {
		sending.Go(func() {
			conn, err := dial(dir.Socket())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, input)
			_ = conn.CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
		})
	}
	sending.Wait()
	createRepo(t, m, "alive")
	closeMember(t, m)
}

// TestSilentConnections must not keep a host from ending.
func TestSilentConnections(t *testing.T) {
	dir := newDir(t)
	m := join(t, configOf(dir, true))
	conn, err := dial(dir.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A second one that is answered shows that the first has been accepted.
	closeMember(t, join(t, configOf(dir, false)))
	closeMember(t, m)
}

// answerAll is a host of another version, or of another mind.
func answerAll(t *testing.T, dir *datadir.Dir, answer string) {
	t.Helper()
	l, err := tryLock(dir.Lock())
	if err != nil || l == nil {
		t.Fatal(err)
	}
	listener, err := listen(dir.Socket())
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.AcceptUnix()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				_, _, _ = readGreeting(conn)
				_, _ = io.WriteString(conn, answer)
				conn.Close()
			}
		}
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
		l.release()
	})
}

// fast returns a configuration whose clock goes a second at each look, so that patience ends soon.
func fast(dir *datadir.Dir) Config {
	cfg := configOf(dir, false)
	now := time.Unix(0, 0)
	cfg.Now = func() time.Time {
		now = now.Add(time.Second)
		return now
	}
	return cfg
}

func TestJoinFails(t *testing.T) {
	t.Run("another version", func(t *testing.T) {
		dir := newDir(t)
		answerAll(t, dir, "pfsd 99 ok\n")
		var version *VersionError
		if _, err := Join(t.Context(), fast(dir)); !errors.As(err, &version) || version.Theirs != 99 || version.PID != os.Getpid() {
			t.Errorf("%v", err)
		}
	})
	t.Run("denied", func(t *testing.T) {
		dir := newDir(t)
		answerAll(t, dir, "pfsd 2 denied\n")
		if _, err := Join(t.Context(), fast(dir)); !errors.Is(err, errDenied) {
			t.Errorf("%v", err)
		}
	})
	t.Run("not a pfsd", func(t *testing.T) {
		dir := newDir(t)
		answerAll(t, dir, "220 mail.example.com ESMTP\n")
		if _, err := Join(t.Context(), fast(dir)); !errors.Is(err, errUnreachable) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a holder that does not answer", func(t *testing.T) {
		dir := newDir(t)
		l, err := tryLock(dir.Lock())
		if err != nil {
			t.Fatal(err)
		}
		defer l.release()
		_, err = Join(t.Context(), fast(dir))
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
			t.Errorf("%v", err)
		}
	})
	t.Run("another's directory", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root can give a directory away")
		}
		path := newDir(t).Path()
		if err := os.Chown(path, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		dir, err := datadir.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Join(t.Context(), fast(dir)); err == nil || !strings.Contains(err.Error(), "uid 12345") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a store that does not open", func(t *testing.T) {
		dir := newDir(t)
		cfg := fast(dir)
		broken := errors.New("broken")
		cfg.Open = func(context.Context) (*pfs.Store, error) { return nil, broken }
		if _, err := Join(t.Context(), cfg); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
		closeMember(t, join(t, configOf(dir, false)))
	})
	t.Run("canceled", func(t *testing.T) {
		dir := newDir(t)
		l, err := tryLock(dir.Lock())
		if err != nil {
			t.Fatal(err)
		}
		defer l.release()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Join(ctx, configOf(dir, false)); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestLongPath has a data directory whose socket's path is too long for an address.
func TestLongPath(t *testing.T) {
	dir := newDirAt(t, filepath.Join(t.TempDir(), strings.Repeat("long", 50)))
	host := join(t, configOf(dir, true))
	guest := join(t, configOf(dir, true))
	createRepo(t, guest, "far")
	closeMember(t, guest)
	closeMember(t, host)
}

func FuzzReadGreeting(f *testing.F) {
	for _, seed := range []string{"pfsd 2 join\n", "pfsd 99 ok\n", "", "\n", "pfsd x\n", "pfsd 2 call\nPOST"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := strings.NewReader(text)
		if _, _, err := readGreeting(r); err != nil {
			return
		}
		line, _, _ := strings.Cut(text, "\n")
		if rest := len(text) - len(line) - 1; r.Len() != rest {
			t.Errorf("%d bytes are left after the greeting, want %d", r.Len(), rest)
		}
	})
}
