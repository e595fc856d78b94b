package crash_test

import (
	"os"
	"path/filepath"
	"testing"

	"pfsd/integration/harness"
	"pfsd/integration/memdisk"
)

// TestPowerCut runs a server on a disk that forgets what was not synced, takes the power away in the middle of changes of
// all kinds, and starts it on what is left: every acknowledged change is there, and each as a whole.
func TestPowerCut(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a disk of its own")
	}
	rounds := 8
	if harness.Full() {
		rounds = 200
	}
	v := newVictim(t, harness.Rand(harness.Seed(t)))
	// The last check of the store is made here, while there is a disk.
	own := v.store.Data
	t.Cleanup(func() { v.store.Data = own })
	dir := filepath.Join(v.store.Dir, "disk")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	v.store.Data = filepath.Join(dir, "data")
	disk := memdisk.New()
	unmount := disk.Mount(t, dir)
	v.store.Pfsd("repo", "create", "crash")
	for round := range rounds {
		d := v.open()
		v.verify(d)
		v.check()
		if t.Failed() {
			t.Fatalf("after %d power cuts", round)
		}
		v.load(d, func() {
			syncs := disk.Syncs()
			disk = disk.Cut(v.rand)
			d.server.Kill()
			t.Logf("power cut after %d syncs", syncs)
		})
		unmount()
		unmount = disk.Mount(t, dir)
	}
	v.end()
	v.store.Pfsd("fsck", "--deep")
}
