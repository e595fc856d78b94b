package mountpoint

import (
	"strings"
	"testing"

	"pfsd/fsys"
)

func TestParseOptions(t *testing.T) {
	o, err := ParseOptions("rw,noatime,_netdev,nofail,x-systemd.automount,x-systemd.idle-timeout=60,uid=7,gid=root,umask=027,sync," +
		"allow_other,default_permissions,comment=x,defaults,user_id=0,group_id=0,")
	if err != nil {
		t.Fatal(err)
	}
	if o.ReadOnly || !o.NoAtime || !o.Sync || !o.AllowOther || *o.UID != 7 || *o.GID != 0 || *o.Umask != 0o27 {
		t.Errorf("they are %+v", o)
	}
	o, err = ParseOptions("ro,nosuid,noexec,sync,noatime,rw,suid,exec,async,atime")
	if err != nil || o != (Options{AttachOptions: fsys.AttachOptions{Suid: true}}) {
		t.Errorf("of two that exclude one another the first counts: %+v, %v", o, err)
	}
	if o, err := ParseOptions(""); err != nil || o != (Options{}) {
		t.Errorf("none are %+v, %v", o, err)
	}
	for _, bad := range []string{"rwx", "uid=nobody-at-all", "umask=9", "umask=1000", "uid=", "ro=1"} {
		if _, err := ParseOptions("ro," + bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
