package fulldisk_test

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"

	"pfsd/integration/harness"
)

// TestFullOfRows fills a disk with small files, which are in no pack but in the key-value store, by eight clients at once: as with
// large ones, writes are refused by both doors, reads and removals go on, a kill does no harm, and room that comes back is used.
func TestFullOfRows(t *testing.T) {
	s, d, c := newFullDisk(t, 800*mib)
	c.mustPut(bucket, "kept", 100)
	for i := range 6 {
		c.mustPut(bucket, fmt.Sprint("deleted", i), 100)
	}
	c.fillRows()
	c.isFullOfRows()
	c.mount.Kill()
	c.serve(s)
	c.reads()
	c.fillRows()
	c.isFullOfRows()

	d.drop(t)
	c.writes("room")
	c.fillRows()
	s.Pfsd("repo", "delete", "bulk", "--force")
	s.Pfsd("gc", "--grace", "0s")
	c.writes("collected")
	c.mount.Stop()
	s.Pfsd("fsck", "--deep")
}

// fillRows stores small files until there is no room.
func (c *client) fillRows() {
	c.t.Helper()
	var wg sync.WaitGroup
	for range 8 {
		c.filled++
		first := c.filled
		wg.Go(func() {
			for n := range uint64(10_000) {
				err := c.put(bulk, fmt.Sprintf("rows%d/%d", first, n), harness.Bytes(first<<32+n, 30<<10))
				if err != nil {
					c.refused(err)
					return
				}
			}
			c.t.Error("the disk does not get full")
		})
	}
	wg.Wait()
}

// isFullOfRows checks what can be done while the disk is full: what was written before the first refusal of the mount is there.
func (c *client) isFullOfRows() {
	c.t.Helper()
	for n := 0; ; n++ {
		key := fmt.Sprintf("mounted%d-%d", c.filled, n)
		data := harness.Bytes(c.filled<<32+uint64(n), 30<<10)
		err := os.WriteFile(c.mount.Path(key), data, 0o644)
		if err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				c.t.Errorf("a write to the mount on a full disk: %v", err)
			}
			if err := os.Remove(c.mount.Path(key)); err != nil && !errors.Is(err, os.ErrNotExist) {
				c.t.Errorf("a removal of what could not be written: %v", err)
			}
			break
		}
		c.files[key] = data
		if n > 10_000 {
			c.t.Fatal("the mount does not get full")
		}
	}
	if err := os.Mkdir(c.mount.Path("dir"), 0o755); !errors.Is(err, syscall.ENOSPC) {
		c.t.Errorf("mkdir on a full disk: %v", err)
	}
	if err := os.Link(c.mount.Path("kept"), c.mount.Path("link")); !errors.Is(err, syscall.ENOSPC) {
		c.t.Errorf("link on a full disk: %v", err)
	}
	// What was taken has room.
	f, err := os.Open(c.mount.Path("kept"))
	if err != nil {
		c.t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		c.t.Errorf("fsync on a full disk: %v", err)
	}
	c.removes()
}
