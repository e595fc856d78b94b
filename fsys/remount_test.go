package fsys

import "testing"

// TestMountedOptions reads the options of mounts from the kernel's list.
func TestMountedOptions(t *testing.T) {
	const table = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /mnt/a\040b rw,nosuid,nodev,relatime - fuse.pfsd master.a rw,user_id=0
41 22 0:36 / /mnt/c rw,noexec shared:7 master:2 - fuse.pfsd master.c rw,sync,user_id=0
42 41 0:37 / /mnt/d rw - fuse.pfsd master.d ro,user_id=0
43 42 0:38 / /mnt/d rw,nosuid - fuse.pfsd master.e rw
malformed
`
	for _, c := range []struct {
		dir  string
		want AttachOptions
	}{
		{"/mnt/a b", AttachOptions{Source: "master.a"}},
		{"/mnt/c", AttachOptions{Source: "master.c", Sync: true, NoExec: true, Suid: true, Dev: true}},
		{"/mnt/d", AttachOptions{Source: "master.e", Dev: true}},
	} {
		if got, ok := mountedOptions(table, c.dir); !ok || got != c.want {
			t.Errorf("%s has %+v, %v, want %+v", c.dir, got, ok, c.want)
		}
	}
	if got, ok := mountedOptions(table, "/mnt"); ok {
		t.Errorf("what is no mount has %+v", got)
	}
}
