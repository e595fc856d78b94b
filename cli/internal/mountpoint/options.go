package mountpoint

import (
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"pfsd/fsys"
)

// Options are what "-o" of mount(8) and fstab(5) can say of a mount.
type Options struct {
	fsys.AttachOptions
	// Remount changes the options of what is mounted.
	Remount bool
	// NoAtime keeps times of access from being updated.
	NoAtime bool
	// UID, GID and Umask are shown in place of what is stored; nil for not.
	UID, GID, Umask *uint32
}

// harmless are options that ask for what is so anyhow, or speak to mount(8) or systemd.mount(5) alone.
var harmless = []string{
	"defaults", "default_permissions", "auto_unmount", "nonempty", "big_writes",
	"auto", "noauto", "nofail", "_netdev", "user", "nouser", "users", "nousers", "owner", "group",
	"relatime", "norelatime", "strictatime", "nostrictatime", "diratime", "nodiratime", "lazytime", "nolazytime",
	"iversion", "noiversion", "mand", "nomand", "silent", "loud", "symfollow", "dirsync",
}

// harmlessKeys are those of options with values that are so.
var harmlessKeys = []string{
	"fsname", "subtype", "comment", "uhelper", "helper", "user", "max_read", "user_id", "group_id", "rootmode",
}

// ParseOptions parses options that are separated by commas; of two that exclude one another the last counts. The error names the
// first that is unknown, or has a value that is none.
func ParseOptions(text string) (Options, error) { return Options{}.with(text) }

// with returns o with those that text has.
func (o Options) with(text string) (Options, error) {
	for option := range strings.SplitSeq(text, ",") {
		if err := o.set(strings.TrimSpace(option)); err != nil {
			return Options{}, err
		}
	}
	return o, nil
}

// set takes over one option.
func (o *Options) set(option string) error {
	name, value, valued := strings.Cut(option, "=")
	switch {
	case option == "", slices.Contains(harmless, option), valued && slices.Contains(harmlessKeys, name),
		strings.HasPrefix(name, "x-"), strings.HasPrefix(name, "X-"):
		return nil
	case valued:
		return o.setValue(name, value)
	}
	set := map[string]*bool{
		"ro": &o.ReadOnly, "allow_other": &o.AllowOther, "suid": &o.Suid, "dev": &o.Dev, "noexec": &o.NoExec,
		"noatime": &o.NoAtime, "sync": &o.Sync, "remount": &o.Remount,
	}
	reset := map[string]*bool{
		"rw": &o.ReadOnly, "nosuid": &o.Suid, "nodev": &o.Dev, "exec": &o.NoExec, "atime": &o.NoAtime, "async": &o.Sync,
	}
	switch {
	case set[option] != nil:
		*set[option] = true
		return nil
	case reset[option] != nil:
		*reset[option] = false
		return nil
	}
	return fmt.Errorf("mount option %q is not known", option)
}

func (o *Options) setValue(name, value string) (err error) {
	switch name {
	case "uid":
		o.UID, err = number(value, func() (string, error) {
			u, err := user.Lookup(value)
			if err != nil {
				return "", err
			}
			return u.Uid, nil
		})
	case "gid":
		o.GID, err = number(value, func() (string, error) {
			g, err := user.LookupGroup(value)
			if err != nil {
				return "", err
			}
			return g.Gid, nil
		})
	case "umask":
		mask, parseErr := strconv.ParseUint(value, 8, 32)
		if parseErr != nil || mask > 0o777 {
			return fmt.Errorf("mount option umask=%s: give an octal number up to 777", value)
		}
		bits := uint32(mask)
		o.Umask = &bits
	default:
		return fmt.Errorf("mount option %q is not known", name+"="+value)
	}
	if err != nil {
		return fmt.Errorf("mount option %s=%s: %w", name, value, err)
	}
	return nil
}

// number returns the id that value is, or that lookup finds for it as a name.
func number(value string, lookup func() (string, error)) (*uint32, error) {
	id, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		if value, err = lookup(); err != nil {
			return nil, err
		}
		if id, err = strconv.ParseUint(value, 10, 32); err != nil {
			return nil, err
		}
	}
	n := uint32(id)
	return &n, nil
}
