package mountpoint

import "testing"

func TestTopKind(t *testing.T) {
	const table = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /mnt/a\040b rw,nosuid,nodev - fuse.pfsd master.images rw,user_id=0
41 22 0:36 / /mnt/c rw shared:7 master:2 - fuse.pfsd x rw
42 41 0:37 / /mnt/c rw - tmpfs tmpfs rw
malformed
`
	for _, c := range []struct{ dir, want string }{
		{"/mnt/a b", "fuse.pfsd"},
		{"/mnt/c", "tmpfs"},
		{"/", "ext4"},
		{"/mnt", ""},
	} {
		if got := topKind(table, c.dir); got != c.want {
			t.Errorf("topKind(%q) = %q, want %q", c.dir, got, c.want)
		}
	}
}
