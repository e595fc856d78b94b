package badgerkv_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
)

// childDir is the variable of the environment that makes this program a worker, on the store in that directory.
const childDir = "PFSD_BADGERKV_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := work(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// order is something that a worker is to do, with the batch of a number.
type order struct {
	Do    string
	Batch int
}

// outcome is how an order went: Kind is that of the error, "" when there is none. Rows are the hashes of the values by their keys.
type outcome struct {
	Kind, Error string
	Rows        map[string]string
}

// work does what it is told on standard input until that ends.
func work(dir string) error {
	w := &worker{dir: dir}
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for {
		var o order
		if err := in.Decode(&o); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		rows, err := w.do(o)
		if err := out.Encode(outcome{kindOf(err), fmt.Sprint(err), rows}); err != nil {
			return err
		}
	}
}

// worker has a store open, between the orders that say so.
type worker struct {
	dir   string
	store *badgerkv.Store
}

func (w *worker) do(o order) (rows map[string]string, err error) {
	ctx := context.Background()
	switch o.Do {
	case "open":
		w.store, err = badgerkv.Open(ctx, w.dir, badgerkv.Options{Readable: [][]byte{{}}})
	case "commit":
		err = w.store.Commit(ctx, numbered(o.Batch, small))
	case "rotate":
		for i := 0; err == nil && i < rotation; i++ {
			err = w.store.Commit(ctx, numbered(o.Batch, large))
		}
	case "reclaim":
		err = w.store.Reclaim(ctx)
	case "verify":
		err = w.store.Verify(ctx)
	case "read":
		rows = map[string]string{}
		err = w.store.View(ctx, func(r kv.Reader) error {
			for row, err := range r.Scan([]byte("n"), nil, false) {
				if err != nil {
					return err
				}
				rows[string(row.Key)] = hashOf(row.Value)
			}
			return nil
		})
	case "close":
		err = w.store.Close()
	}
	return rows, err
}

// The numbers of rows in batches, and how many of the large ones are more than a memtable takes.
const (
	small    = 3
	large    = 45
	rotation = 14
)

// numbered returns a batch of so many rows, which no other batch has.
func numbered(n, rows int) kv.Batch {
	b := batch(n, rows, map[int]int{small: 2000, large: 60_000}[rows])
	for i := range b.Puts {
		b.Puts[i].Key = fmt.Appendf(nil, "n%06d-%d", n, i)
	}
	return b
}

func hashOf(value []byte) string { return fmt.Sprintf("%x", sha256.Sum256(value)) }

func kindOf(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, kv.ErrCorrupt):
		return "corrupt"
	case errors.Is(err, kv.ErrNoSpace):
		return "no space"
	case errors.Is(err, kv.ErrExhausted):
		return "exhausted"
	default:
		return "other"
	}
}

// child is a worker in a process of its own.
type child struct {
	cmd *exec.Cmd
	in  *json.Encoder
	out *json.Decoder
	// stderr is what it said on its end.
	stderr *firstBytes
}

// startChild starts a worker. The test ends it by kill.
func startChild(t *testing.T, dir string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0]), stderr: &firstBytes{}}
	c.cmd.Env = append(os.Environ(), childDir+"="+dir)
	c.cmd.Stderr = c.stderr
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.in, c.out = json.NewEncoder(stdin), json.NewDecoder(stdout)
	return c
}

// hang is after what time an order is taken for one that never ends.
const hang = 2 * time.Minute

// do gives an order. The error is that of a worker that has ended. One that hangs is made to end, and to say where it hangs.
func (c *child) do(o order) (outcome, error) {
	limit := time.AfterFunc(hang, func() { _ = c.cmd.Process.Signal(syscall.SIGQUIT) })
	defer limit.Stop()
	var result outcome
	if err := c.in.Encode(o); err != nil {
		return result, err
	}
	err := c.out.Decode(&result)
	return result, err
}

// kill ends the worker, as a kill -9 does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// firstBytes keeps the first bytes written to it.
type firstBytes struct{ said []byte }

func (l *firstBytes) Write(p []byte) (int, error) {
	l.said = append(l.said, p[:min(len(p), 6000-min(6000, len(l.said)))]...)
	return len(p), nil
}
