package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestHelped(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"/usr/bin/pfsd mount x y", "/usr/bin/pfsd mount x y"},
		{"/sbin/mount.fuse.pfsd master.a /mnt", "/sbin/mount.fuse.pfsd mount --detach -o suid,dev -- master.a /mnt"},
		{"mount.fuse.pfsd master.a /mnt -o no-create,data=/srv", "mount.fuse.pfsd mount --detach --no-create --data=/srv -o suid,dev -- master.a /mnt"},
		{"mount.fuse.pfsd master.a /mnt -n -v -o rw,_netdev,data=/srv,create -t fuse.pfsd",
			"mount.fuse.pfsd mount --detach --data=/srv --create -o rw,_netdev,suid,dev -- master.a /mnt"},
		{"mount.fuse.pfsd x /mnt -sno all,ro", "mount.fuse.pfsd mount --detach --all -o ro,suid,dev -- /mnt"},
		{"mount.fuse.pfsd x /mnt -o rw,nosuid,nodev", "mount.fuse.pfsd mount --detach -o rw,nosuid,nodev -- x /mnt"},
		{"mount.fuse.pfsd x /mnt -o remount,ro", "mount.fuse.pfsd mount --detach -o remount,ro -- x /mnt"},
		{"mount.fuse.pfsd x /mnt -f", ""},
	} {
		if got := helped(strings.Fields(c.args)); !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s becomes %q", c.args, got)
		}
	}
}
