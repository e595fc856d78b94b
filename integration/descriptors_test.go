package integration_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sys/unix"

	"pfsd/integration/harness"
)

// fewDescriptors is the limit of the doors in the tests below.
const fewDescriptors = 400

// TestSilentConnections: beside thousands of connections on which nobody says anything, over plain TCP and on the control socket,
// S3 clients are served, also while the rows outgrow a memtable; commands work, and so does all when they have gone.
func TestSilentConnections(t *testing.T) {
	silent := 3000
	if harness.Full() {
		silent = 15_000
	}
	s := harness.New(t)
	s.Pfsd("repo", "create", "r")
	s.LimitDescriptors(fewDescriptors)
	dir := t.TempDir()
	door, mount := s.Serve("master.r", dir)
	var held []net.Conn
	var refused int
	hold := func(network, address string, n int) {
		for range n {
			c, err := net.Dial(network, address)
			if err != nil {
				refused++
				continue
			}
			held = append(held, c)
		}
	}
	hold("tcp", door.Host, silent)
	hold("unix", filepath.Join(s.Data, "sock"), 200)
	t.Logf("%d connections, %d refused; pfsd has %s", len(held), refused, holdings(mount.PID()))
	// 48 MiB of rows: a memtable has 32.
	client := door.Client(t)
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 200 {
				body := harness.Noise(uint64(1000*w+i), 31<<10)
				key := fmt.Sprintf("%d/%d", w, i)
				if _, err := client.PutObject(t.Context(), "master.r", key, body, 31<<10, "", "", minio.PutObjectOptions{}); err != nil {
					t.Errorf("PUT %s: %v", key, err)
				}
			}
		})
	}
	hold("tcp", door.Host, 500)
	writers.Wait()
	t.Logf("after the writes pfsd has %s", holdings(mount.PID()))
	if out := s.Pfsd("status"); !strings.Contains(out, dir) {
		t.Errorf("status: %s", out)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("written"), 0o600); err != nil {
		t.Error(err)
	}
	for _, c := range held {
		c.Close()
	}
	if got := s.Pfsd("cat", "master.r:/file"); got != "written" {
		t.Errorf("the file has %q", got)
	}
	s.Pfsd("umount", dir)
	upload(t, client, "master.r", "after", harness.Noise(1, 1<<20), 1<<20)
	door.Stop()
}

// holdings says how many descriptors a process has, and how much memory.
func holdings(pid int) string {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return err.Error()
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	rss := "?"
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			rss = strings.TrimSpace(value)
		}
	}
	return fmt.Sprintf("%d descriptors, %s resident", len(entries), rss)
}

// TestManyUnsavedFiles: more files than the process may have descriptors are held open in a mount, each with bytes that are not saved;
// all are written, read and synced, and the S3 door works beside.
func TestManyUnsavedFiles(t *testing.T) {
	const files, size = 450, 1 << 20
	s := harness.New(t)
	s.Pfsd("repo", "create", "r")
	s.LimitDescriptors(fewDescriptors)
	dir := t.TempDir()
	door, mount := s.Serve("master.r", dir)
	client := door.Client(t)
	var open []*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write(unsaved(i, size)); err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
		// Bytes that the kernel keeps are not in pfsd's hands yet.
		if err := unix.SyncFileRange(int(f.Fd()), 0, size, unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER); err != nil {
			t.Fatal(err)
		}
		open = append(open, f)
		if i%50 == 0 {
			upload(t, client, "master.r", fmt.Sprintf("beside/%d", i), harness.Noise(uint64(i), 1<<20), 1<<20)
		}
	}
	t.Logf("with all open pfsd has %s", holdings(mount.PID()))
	for i, f := range open {
		got := make([]byte, size)
		if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, unsaved(i, size)) {
			t.Fatalf("file %d has other bytes, %v", i, err)
		}
		if err := f.Sync(); err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
	}
	for _, i := range []int{0, files / 2, files - 1} {
		object, _, _, err := client.GetObject(t.Context(), "master.r", fmt.Sprint(i), minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(object); err != nil || !bytes.Equal(got, unsaved(i, size)) {
			t.Errorf("object %d has other bytes, %v", i, err)
		}
		object.Close()
	}
}

// unsaved returns the bytes of the i-th file, which are no other's.
func unsaved(i, size int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%08d", i), size/8)
}
