package pfs_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pfsd/pfs"
	heldpkg "pfsd/pfs/internal/held"
	"pfsd/pfs/pfstest"
)

// goneVariable is set in the process that has a mount namespace of its own.
const goneVariable = "PFSD_TEST_NAMESPACE"

// TestDirectoryGone checks what becomes of a store whose directory goes away while it is open: nothing is written to what is at its
// name then, reads go on, and all that was acknowledged is there when the directory is back.
func TestDirectoryGone(t *testing.T) {
	if os.Getenv(goneVariable) != "" {
		inNamespace(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can make a mount namespace and mount in it")
	}
	if _, err := exec.LookPath("unshare"); err != nil {
		t.Skip("there is no unshare, which makes a mount namespace")
	}
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", os.Args[0], "-test.run", "^TestDirectoryGone$", "-test.v")
	cmd.Env = append(os.Environ(), goneVariable+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: TestDirectoryGone/renamed")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// departure is one way in which a directory goes away, and comes back.
type departure struct {
	name string
	// mounted is set when the directory is a mount of its own. back is nil when it does not come back.
	mounted bool
	leave   func(t *testing.T, data string)
	back    func(t *testing.T, data string)
}

func inNamespace(t *testing.T) {
	moved := func(data string) string { return data + ".moved" }
	for _, d := range []departure{
		{
			name: "unmounted", mounted: true,
			leave: func(t *testing.T, data string) { noError(t, unix.Unmount(data, unix.MNT_DETACH)) },
			back:  func(t *testing.T, data string) { bind(t, disk(data), data) },
		},
		{
			name:  "mounted over",
			leave: func(t *testing.T, data string) { bind(t, t.TempDir(), data) },
			back:  func(t *testing.T, data string) { noError(t, unix.Unmount(data, 0)) },
		},
		{
			name: "renamed",
			leave: func(t *testing.T, data string) {
				noError(t, errors.Join(os.Rename(data, moved(data)), os.Mkdir(data, 0o700)))
			},
			back: func(t *testing.T, data string) {
				noError(t, errors.Join(os.Remove(data), os.Rename(moved(data), data)))
			},
		},
		{
			name: "removed",
			leave: func(t *testing.T, data string) {
				noError(t, errors.Join(os.RemoveAll(data), os.Mkdir(data, 0o700)))
			},
		},
	} {
		t.Run(d.name, d.run)
	}
}

// disk returns the directory that is mounted at data.
func disk(data string) string { return data + ".disk" }

func bind(t *testing.T, from, to string) {
	t.Helper()
	noError(t, unix.Mount(from, to, "", unix.MS_BIND, ""))
}

func (d departure) run(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	noError(t, errors.Join(os.Mkdir(data, 0o700), os.Mkdir(disk(data), 0o700)))
	if d.mounted {
		bind(t, disk(data), data)
		t.Cleanup(func() { _ = unix.Unmount(data, unix.MNT_DETACH) })
	}
	s := pfstest.OpenDisk(t, data)
	makeRepo(t, s, "r")
	ref := pfs.BranchRef("r", "master")
	before := noise(1, 90<<10)
	putFile(t, s, ref, "before", before)

	d.leave(t, data)
	refusesWrites(t, s, ref, data)
	if d.back != nil {
		sameFile(t, s, ref, "before", before)
	}
	err := s.Close()
	if err != nil && strings.Contains(err.Error(), "/proc/") {
		t.Errorf("close: %v", err)
	}
	entries, err := os.ReadDir(data)
	if noError(t, err); len(entries) > 0 {
		t.Errorf("%d files were made in the directory that took the name, as %s", len(entries), entries[0].Name())
	}
	if d.back == nil {
		return
	}
	d.back(t, data)
	s = pfstest.OpenDisk(t, data)
	sameFile(t, s, ref, "before", before)
	putFile(t, s, ref, "after", noise(2, 90<<10))
	pfstest.Check(t, s)
	noError(t, s.Close())
}

// refusesWrites fails the test unless a write fails, for the right reason, and leaves nothing.
func refusesWrites(t *testing.T, s *pfs.Store, ref pfs.Ref, data string) {
	t.Helper()
	in, err := s.Ingest(ctx, bytes.NewReader(noise(3, 90<<10)))
	if err == nil {
		_, err = s.Update(ctx, ref, byCLI, func(tx *pfs.Tx) error { return tx.PutFile("refused", in.Content, nil, 0) })
		in.Release()
	}
	want := "the data directory " + data + " is no longer the one that was opened"
	if !errors.Is(err, heldpkg.ErrGone) || pfs.KindOf(err) != pfs.KindInternal || !strings.Contains(err.Error(), want) {
		t.Errorf("a write fails with %v (%v), want %q", err, pfs.KindOf(err), want)
	}
}

func sameFile(t *testing.T, s *pfs.Store, ref pfs.Ref, name string, want []byte) {
	t.Helper()
	if got := readFile(t, s, ref, name); !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes, and not those that were written", name, len(got))
	}
}
