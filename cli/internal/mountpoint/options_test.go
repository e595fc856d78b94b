package mountpoint

import (
	"strings"
	"testing"
)

func TestParseOptions(t *testing.T) {
	o, err := ParseOptions("rw,noatime,_netdev,nofail,x-systemd.automount,x-systemd.idle-timeout=60,uid=7,gid=root,umask=027,sync," +
		"allow_other,default_permissions,comment=x,defaults,")
	if err != nil {
		t.Fatal(err)
	}
	if o.ReadOnly || !o.NoAtime || !o.Sync || !o.AllowOther || *o.UID != 7 || *o.GID != 0 || *o.Umask != 0o27 {
		t.Errorf("they are %+v", o)
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
