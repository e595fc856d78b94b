package integration_test

import (
	"os"
	"path/filepath"
	"testing"

	"pfsd/integration/harness"
)

// TestMountHelper mounts with mount(8), by hand and by a line of an fstab, with the helper as `make install` puts it where
// mount(8) looks; in a mount namespace of its own.
func TestMountHelper(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mount(8) is for root")
	}
	s := harness.New(t)
	s.Pfsd("repo", "create", "helped")
	dir := t.TempDir()
	// Another user comes here, too.
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"layers", "one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := s.Command("unshare", "--mount", "--propagation", "private", "sh", "-euc", `
		# What /sbin has, and the helper.
		sbin=$(readlink -f /sbin)
		mount -t tmpfs tmpfs layers
		mkdir layers/upper layers/work
		if ! mount -t overlay -o lowerdir=$sbin,upperdir=layers/upper,workdir=layers/work overlay $sbin; then
			echo no overlay
			exit 0
		fi
		ln -s "$BINARY" /sbin/mount.fuse.pfsd
		mount -t fuse.pfsd -o "rw,_netdev,nofail,data=$DATA" master.helped "$PWD/one"
		echo by hand >one/file
		umount one
		echo "master.helped $PWD/two fuse.pfsd noauto,x-systemd.automount,umask=077,data=$DATA 0 0" >fstab
		mount --fstab fstab "$PWD/two"
		stat -c %a two/file
		cat two/file
		! setpriv --reuid 65534 --regid 65534 --clear-groups cat two/file 2>refused
		grep -o "Permission denied" refused
		findmnt -n -o SOURCE,FSTYPE two
		! mount -t fuse.pfsd -o "data=$DATA" master.none "$PWD/one" 2>refused
		grep -o "pfsd repo create none" refused
		umount two
		echo "master.helped $PWD/two fuse.pfsd noauto,allow_other,data=$DATA 0 0" >fstab
		mount --fstab fstab "$PWD/two"
		setpriv --reuid 65534 --regid 65534 --clear-groups cat two/file
		remounted() { findmnt -n -o OPTIONS two | tr , '\n' | grep -x -e ro -e rw -e nosuid -e nodev -e noexec | sort -u | tr '\n' ' '; echo; }
		remounted
		mount -o remount,ro "$PWD/two"
		remounted
		! sh -c 'echo no >two/file' 2>refused
		grep -o "Read-only file system" refused
		mount -o remount,rw,nosuid,noexec "$PWD/two"
		remounted
		exec 3>>two/file
		! mount -o remount,ro "$PWD/two" 2>refused
		grep -o "open for writing" refused
		exec 3>&-
		umount two
		echo "master.helped $PWD/two fuse.pfsd noauto,nosuid,nodev,data=$DATA 0 0" >fstab
		mount --fstab fstab "$PWD/two"
		remounted
		umount two
	`)
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "BINARY="+harness.Binary(t), "DATA="+s.Data)
	got := s.Run(cmd)
	if got == "no overlay\n" {
		t.Skip("this kernel cannot put anything beside what is in /sbin")
	}
	if want := "700\nby hand\nPermission denied\nmaster.helped fuse.pfsd\npfsd repo create none\nby hand\n" +
		"rw \nro \nRead-only file system\nnoexec nosuid rw \nopen for writing\nnodev nosuid rw \n"; got != want {
		t.Errorf("it prints %q, want %q", got, want)
	}
	if got := s.Pfsd("cat", "master.helped:/file"); got != "by hand\n" {
		t.Errorf("the store has %q", got)
	}
}
