package fsys_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// modelFile is what a path of a modelTree leads to; under each name of a file the same pointer.
type modelFile struct {
	isDir  bool
	target string // of a symlink
	data   []byte
	mode   uint32
	xattr  string
}

// treeExercise does random things to a tree in one mount or two, and to a model of it in memory.
type treeExercise struct {
	*fixture
	rand  *rand.Rand
	noise *rand.ChaCha8
	dirs  []string // the mounts
	tree  map[string]*modelFile
	// files are handles that stay open, whatever becomes of the names; with one mount only.
	files map[*os.File]*modelFile
	n     int
	last  []string
}

// TestTreeExercise does so in one mount.
func TestTreeExercise(t *testing.T) { exerciseTree(t, 1) }

// TestTreeExerciseInTwoMounts does so in two mounts of the branch, each step in either; reading .pfs/head is the barrier.
func TestTreeExerciseInTwoMounts(t *testing.T) { exerciseTree(t, 2) }

func exerciseTree(t *testing.T, mounts int) {
	f := newFixture(t)
	seed, ops := exerciseFor(t)
	x := &treeExercise{
		fixture: f, rand: rand.New(rand.NewPCG(seed, 3)), noise: rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 3}),
		dirs: []string{f.dir}, tree: map[string]*modelFile{"": {isDir: true}}, files: map[*os.File]*modelFile{},
	}
	for i := 1; i < mounts; i++ {
		x.dirs = append(x.dirs, filepath.Join(f.root, fmt.Sprint("mnt", i)))
		f.mount(branch, x.dirs[i])
	}
	defer x.closeAll()
	for x.n = range ops {
		x.step()
		if x.n%500 == 499 {
			x.compare()
		}
		if t.Failed() {
			t.Fatalf("step %d; the last ones:\n%s", x.n, strings.Join(x.last, "\n"))
		}
	}
	x.closeAll()
	x.compare()
	x.remount()
	x.compare()
}

func (x *treeExercise) closeAll() {
	for file := range x.files {
		file.Close()
	}
	clear(x.files)
}

// note says what is done next.
func (x *treeExercise) note(format string, args ...any) {
	x.last = append(x.last, fmt.Sprintf(format, args...))
	x.last = x.last[max(0, len(x.last)-20):]
}

func (x *treeExercise) check(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatalf("step %d: %v; the last ones:\n%s", x.n, err, strings.Join(x.last, "\n"))
	}
}

// at returns a path in any of the mounts, which has been told of all that was done in the others.
func (x *treeExercise) at(name string) string {
	dir := x.dirs[x.rand.IntN(len(x.dirs))]
	if len(x.dirs) > 1 {
		_, err := os.ReadFile(filepath.Join(dir, ".pfs/head"))
		x.check(err)
	}
	return filepath.Join(dir, name)
}

// pick returns a path with something that is wanted; false when there is none.
func (x *treeExercise) pick(wanted func(*modelFile) bool) (string, bool) {
	var names []string
	for name, file := range x.tree {
		if wanted(file) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", false
	}
	slices.Sort(names)
	return names[x.rand.IntN(len(names))], true
}

func isDir(f *modelFile) bool { return f.isDir }
func isFile(f *modelFile) bool {
	return !f.isDir && f.target == ""
}

// newName returns a path in some directory, at which there may be something.
func (x *treeExercise) newName() string {
	dir, _ := x.pick(isDir)
	if strings.Count(dir, "/") > 3 {
		dir = ""
	}
	return path.Join(dir, fmt.Sprintf("n%d", x.rand.IntN(12)))
}

// names is how many paths lead to a file.
func (x *treeExercise) names(file *modelFile) (n int) {
	for _, other := range x.tree {
		if other == file {
			n++
		}
	}
	return n
}

func (x *treeExercise) bytes(n int) []byte {
	p := make([]byte, n)
	if x.rand.IntN(6) > 0 {
		_, _ = x.noise.Read(p) // It never fails.
	}
	return p
}

// size returns a number of bytes, mostly few.
func (x *treeExercise) size() int {
	switch x.rand.IntN(12) {
	case 0:
		return x.rand.IntN(1 << 20)
	case 1, 2, 3:
		return x.rand.IntN(100_000)
	}
	return x.rand.IntN(5000)
}

// step makes one change, or looks at something.
func (x *treeExercise) step() {
	x.t.Helper()
	switch op := x.rand.IntN(100); {
	case op < 14:
		x.create()
	case op < 40:
		x.edit()
	case op < 46:
		x.link()
	case op < 53:
		x.remove()
	case op < 62:
		x.rename()
	case op < 67:
		x.mkdir()
	case op < 72:
		x.copyRange()
	case op < 77:
		x.attributes()
	case op < 82 && len(x.dirs) == 1:
		x.handle()
	case op == 82 && x.rand.IntN(10) == 0:
		x.remount()
	case op < 90:
		dir, _ := x.pick(isDir)
		x.list(x.at(dir), dir)
	default:
		if name, ok := x.pick(func(f *modelFile) bool { return !f.isDir }); ok {
			x.look(x.at(name), name)
		}
	}
}

// create writes a whole file, as a new one or over what is there, or makes a symlink.
func (x *treeExercise) create() {
	name := x.newName()
	had := x.tree[name]
	if x.rand.IntN(8) == 0 {
		x.note("symlink %s", name)
		err := os.Symlink("to "+name, x.at(name))
		if had != nil {
			wantErr(x.t, "symlink", err, syscall.EEXIST)
			return
		}
		x.check(err)
		x.tree[name] = &modelFile{target: "to " + name}
		return
	}
	data := x.bytes(x.size())
	x.note("write %s, %d bytes", name, len(data))
	if had != nil && (had.isDir || had.target != "") {
		return
	}
	x.check(os.WriteFile(x.at(name), data, 0o644))
	if had == nil {
		had = &modelFile{mode: 0o644}
		x.tree[name] = had
	}
	had.data = data
}

// edit changes a file in one of many ways.
func (x *treeExercise) edit() {
	name, ok := x.pick(isFile)
	if !ok {
		return
	}
	file := x.tree[name]
	f, err := os.OpenFile(x.at(name), os.O_RDWR, 0)
	x.check(err)
	x.change(f, file, name)
	x.check(f.Close())
}

// change makes one change through a handle.
func (x *treeExercise) change(f *os.File, file *modelFile, name string) {
	off, n := x.rand.IntN(len(file.data)+3000), x.size()
	switch x.rand.IntN(8) {
	case 0:
		x.note("truncate %s to %d", name, off)
		x.check(f.Truncate(int64(off)))
		file.data = append(slices.Clone(file.data[:min(off, len(file.data))]), make([]byte, max(off-len(file.data), 0))...)
	case 1:
		x.note("punch %s, %d bytes at %d", name, n, off)
		if n == 0 {
			return
		}
		x.check(unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, int64(off), int64(n)))
		if off < len(file.data) {
			file.data = slices.Clone(file.data)
			clear(file.data[off:min(off+n, len(file.data))])
		}
	case 2:
		x.note("map %s, write at %d", name, off)
		x.mapped(f, file, off)
	case 3:
		x.note("fsync %s", name)
		x.check(f.Sync())
	default:
		p := x.bytes(n)
		x.note("write %s, %d bytes at %d", name, n, off)
		_, err := f.WriteAt(p, int64(off))
		x.check(err)
		file.put(p, off)
	}
}

func (f *modelFile) put(p []byte, off int) {
	if len(p) == 0 {
		return
	}
	next := make([]byte, max(len(f.data), off+len(p)))
	copy(next, f.data)
	copy(next[off:], p)
	f.data = next
}

// mapped writes some bytes through a mapping.
func (x *treeExercise) mapped(f *os.File, file *modelFile, off int) {
	if off >= len(file.data) {
		return
	}
	p := x.bytes(min(x.rand.IntN(5000), len(file.data)-off))
	m, err := unix.Mmap(int(f.Fd()), 0, len(file.data), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	x.check(err)
	copy(m[off:], p)
	x.check(unix.Msync(m, unix.MS_SYNC))
	x.check(unix.Munmap(m))
	file.put(p, off)
}

func (x *treeExercise) link() {
	from, ok := x.pick(func(f *modelFile) bool { return !f.isDir })
	to := x.newName()
	if !ok {
		return
	}
	x.note("link %s to %s", from, to)
	base := x.at("")
	err := os.Link(filepath.Join(base, from), filepath.Join(base, to))
	if x.tree[to] != nil {
		wantErr(x.t, "link", err, syscall.EEXIST)
		return
	}
	x.check(err)
	x.tree[to] = x.tree[from]
}

func (x *treeExercise) remove() {
	name, ok := x.pick(func(*modelFile) bool { return true })
	if !ok || name == "" {
		return
	}
	x.note("remove %s", name)
	err := os.Remove(x.at(name))
	if x.tree[name].isDir && x.below(name) > 0 {
		wantErr(x.t, "remove", err, syscall.ENOTEMPTY)
		return
	}
	x.check(err)
	delete(x.tree, name)
}

// below is how many paths there are below a directory.
func (x *treeExercise) below(dir string) (n int) {
	for name := range x.tree {
		if strings.HasPrefix(name, dir+"/") {
			n++
		}
	}
	return n
}

func (x *treeExercise) rename() {
	from, ok := x.pick(func(*modelFile) bool { return true })
	to := x.newName()
	if !ok || from == "" || strings.HasPrefix(to, from+"/") {
		return
	}
	exchange := x.rand.IntN(4) == 0 && x.tree[to] != nil && !strings.HasPrefix(from, to+"/")
	x.note("rename %s to %s, exchange %v", from, to, exchange)
	base, flags := x.at(""), uint(0)
	if exchange {
		flags = unix.RENAME_EXCHANGE
	}
	err := unix.Renameat2(unix.AT_FDCWD, filepath.Join(base, from), unix.AT_FDCWD, filepath.Join(base, to), flags)
	source, target := x.tree[from], x.tree[to]
	switch {
	case exchange:
		x.check(err)
		moved := x.take(from)
		x.put(from, x.take(to), to)
		x.put(to, moved, from)
	case target == nil, !source.isDir && !target.isDir:
		x.check(err)
		if source == target {
			return
		}
		x.put(to, x.take(from), from)
	case source.isDir && target.isDir && x.below(to) == 0 && to != from:
		x.check(err)
		delete(x.tree, to)
		x.put(to, x.take(from), from)
	case to == from:
		x.check(err)
	case err == nil:
		x.t.Errorf("rename %s to %s succeeds", from, to)
	}
}

// take removes a path with all below it from the model, and returns them.
func (x *treeExercise) take(name string) map[string]*modelFile {
	taken := map[string]*modelFile{}
	for other, file := range x.tree {
		if other == name || strings.HasPrefix(other, name+"/") {
			taken[other] = file
			delete(x.tree, other)
		}
	}
	return taken
}

// put puts what was at a path to another.
func (x *treeExercise) put(to string, taken map[string]*modelFile, from string) {
	for name, file := range taken {
		x.tree[to+strings.TrimPrefix(name, from)] = file
	}
}

func (x *treeExercise) mkdir() {
	name := x.newName()
	x.note("mkdir %s", name)
	err := os.Mkdir(x.at(name), 0o755)
	if x.tree[name] != nil {
		wantErr(x.t, "mkdir", err, syscall.EEXIST)
		return
	}
	x.check(err)
	x.tree[name] = &modelFile{isDir: true, mode: 0o755}
}

// copyRange copies a part of one file into another, or all of it into a new one.
func (x *treeExercise) copyRange() {
	from, ok := x.pick(isFile)
	to, _ := x.pick(isFile)
	if !ok || x.tree[from] == x.tree[to] {
		return
	}
	source, target := x.tree[from], x.tree[to]
	base := x.at("")
	in, err := os.Open(filepath.Join(base, from))
	x.check(err)
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(base, to), os.O_RDWR, 0)
	x.check(err)
	off, at, n := x.rand.IntN(len(source.data)+1), x.rand.IntN(len(target.data)+1), x.size()+1
	if x.rand.IntN(3) == 0 {
		off, at, n = 0, 0, len(source.data)+1
		x.check(out.Truncate(0))
		target.data = nil
	}
	x.note("copy %d bytes from %s, at %d, to %s, at %d", n, from, off, to, at)
	offset, place := int64(off), int64(at)
	done, err := unix.CopyFileRange(int(in.Fd()), &offset, int(out.Fd()), &place, n, 0)
	x.check(err)
	target.put(source.data[off:off+done], at)
	if want := min(n, len(source.data)-off); done != want {
		x.t.Errorf("%d bytes were copied, not %d", done, want)
	}
	x.check(out.Close())
}

// attributes changes what there is beside the bytes.
func (x *treeExercise) attributes() {
	name, ok := x.pick(isFile)
	if !ok {
		return
	}
	file := x.tree[name]
	if x.rand.IntN(2) == 0 {
		file.mode = uint32(0o600 | x.rand.IntN(64))
		x.note("chmod %s %o", name, file.mode)
		x.check(unix.Chmod(x.at(name), file.mode))
		return
	}
	file.xattr = fmt.Sprint("value ", x.n)
	x.note("setxattr %s %q", name, file.xattr)
	x.check(unix.Setxattr(x.at(name), "user.x", []byte(file.xattr), 0))
}

// handle opens a file and keeps it, or uses one that is open, whatever has become of its names.
func (x *treeExercise) handle() {
	if len(x.files) > 4 || len(x.files) > 0 && x.rand.IntN(3) > 0 {
		open := slices.SortedFunc(maps.Keys(x.files), func(a, b *os.File) int { return strings.Compare(a.Name(), b.Name()) })
		f := open[x.rand.IntN(len(open))]
		file := x.files[f]
		x.note("by a handle of what was %s, and has %d names:", f.Name(), x.names(file))
		x.change(f, file, "it")
		got, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<40))
		x.check(err)
		if !bytes.Equal(got, file.data) {
			x.t.Errorf("the handle has %d bytes, or others than %d", len(got), len(file.data))
		}
		if x.rand.IntN(4) == 0 {
			x.note("close it")
			x.check(f.Close())
			delete(x.files, f)
		}
		return
	}
	if name, ok := x.pick(isFile); ok {
		x.note("open %s", name)
		f, err := os.OpenFile(x.at(name), os.O_RDWR, 0)
		x.check(err)
		x.files[f] = x.tree[name]
	}
}

// remount unmounts and mounts anew.
func (x *treeExercise) remount() {
	x.note("remount")
	x.closeAll()
	for _, dir := range x.dirs {
		x.call("Unmount", dir, nil)
		x.mount(branch, dir)
	}
}

// look compares one path.
func (x *treeExercise) look(at, name string) {
	x.t.Helper()
	file := x.tree[name]
	var st unix.Stat_t
	x.check(unix.Lstat(at, &st))
	if file.target != "" {
		if to, err := os.Readlink(at); to != file.target {
			x.t.Errorf("%s leads to %q, %v, not to %q", name, to, err, file.target)
		}
	} else {
		if got, err := os.ReadFile(at); err != nil || !bytes.Equal(got, file.data) {
			x.t.Errorf("%s has %d bytes, or others than %d, %v", name, len(got), len(file.data), err)
		}
		if st.Size != int64(len(file.data)) || st.Mode&0o7777 != file.mode {
			x.t.Errorf("%s has size %d and mode %o, not %d and %o", name, st.Size, st.Mode, len(file.data), file.mode)
		}
		value := make([]byte, 100)
		if n, _ := unix.Getxattr(at, "user.x", value); string(value[:max(n, 0)]) != file.xattr {
			x.t.Errorf("%s has the attribute %q, not %q", name, value[:max(n, 0)], file.xattr)
		}
	}
	if want := x.names(file); int(st.Nlink) != want {
		x.t.Errorf("%s has %d names, not %d", name, st.Nlink, want)
	}
}

// list compares the names in a directory.
func (x *treeExercise) list(at, dir string) {
	x.t.Helper()
	entries, err := os.ReadDir(at)
	x.check(err)
	var got, want []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	for name := range x.tree {
		if name != "" && strings.TrimPrefix(path.Dir("/"+name), "/") == dir {
			want = append(want, path.Base(name))
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		x.t.Errorf("%q lists %q, want %q", dir, got, want)
	}
}

// compare compares everything, in each mount.
func (x *treeExercise) compare() {
	x.t.Helper()
	x.note("compare")
	for name, file := range x.tree {
		at := x.at(name)
		if file.isDir {
			x.list(at, name)
		} else {
			x.look(at, name)
		}
	}
}
