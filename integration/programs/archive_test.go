package programs_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// sources is the Go source tree, or a part of it.
func sources(t *testing.T) string {
	parts := []string{"encoding", "net", ""}
	return filepath.Join(goRoot(t), "src", parts[scale(0, 1, 2)])
}

// TestTar unpacks an archive in the mount and compares it there.
func TestTar(t *testing.T) {
	needs(t, "tar")
	p := newPlace(t)
	p.sh(`
		tar -C "$SOURCE" --numeric-owner --owner="$(id -u)" --group="$(id -g)" -cf "$OUTSIDE/a.tar" .
		mkdir tree && tar -C tree -xf "$OUTSIDE/a.tar" && tar -C tree -df "$OUTSIDE/a.tar"
		cp -a tree copy && diff -r tree copy && rm -rf tree && test ! -e tree`, "SOURCE="+sources(t))
}

// TestRsync copies a tree with hard links, extended attributes and modes into the mount; a second run has nothing to do.
func TestRsync(t *testing.T) {
	needs(t, "rsync")
	p := newPlace(t)
	out := p.sh(`
		mkdir "$OUTSIDE/from" && cp -r "$SOURCE/." "$OUTSIDE/from" && cd "$OUTSIDE/from"
		echo text > first && ln first second && mkdir -p deep && ln first deep/third && ln -s first link && chmod 640 first
		cd "$OLDPWD"
		rsync -aHX $ACL "$OUTSIDE/from/" to
		test "$(stat -c %h to/first)" = 3 && test "$(stat -c %i to/first)" = "$(stat -c %i to/deep/third)"
		rsync -aHXi $ACL "$OUTSIDE/from/" to
		rsync -aHXi $ACL to/ "$OUTSIDE/from"
		rsync -aHX $ACL to/ within && rsync -aHXi $ACL to/ within
		test "$(stat -c %h within/second)" = 3`,
		"SOURCE="+filepath.Join(goRoot(t), "src", "encoding"), "ACL=-A")
	if out != "" {
		t.Errorf("the second run transfers\n%s", out)
	}
}

// TestCopy copies a large file by the kernel: its content is linked, and no bytes move.
func TestCopy(t *testing.T) {
	p := newPlace(t)
	mib := scale(32, 128, 1024)
	p.sh(`
		head -c ` + strconv.Itoa(mib) + `M /dev/urandom > large && sync large`)
	before := p.stored()
	p.sh(`
		cp --reflink=auto large copy && sync copy && cmp large copy
		cp --sparse=never --reflink=auto large other && sync other && cmp large other`)
	if grown := p.stored() - before; grown > 1<<20 {
		t.Errorf("two copies of %d MiB grow the store by %d bytes", mib, grown)
	}
}

// stored is how many bytes the packs have.
func (p *place) stored() int {
	p.t.Helper()
	out := p.sh(`du -s --apparent-size -B1 "$PFSD_DATA/packs"`)
	n, err := strconv.Atoi(strings.Fields(out)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}
