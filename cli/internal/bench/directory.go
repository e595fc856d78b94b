package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// DirectoryOptions say what the loads of a directory are made of.
type DirectoryOptions struct {
	// Size is that of a large file, in bytes, and SmallSize that of a small one.
	Size, SmallSize int64
	// Files is how many small files there are.
	Files int
	// Block is how much one call reads or writes of a large file.
	Block int
	// Cold has the kernel forget what it has cached before a load reads: everything, when it may, which takes root, else
	// the file that is read, which leaves what is cached below a mount. Files are then read once.
	Cold bool
	// Syncs makes every small file durable before the next.
	Syncs bool
}

// directoryLoads are the loads by name, in the order in which they are run by default.
var directoryLoads = []struct {
	name string
	load func(*directory) Load
}{
	{"write", (*directory).write}, {"read", (*directory).read}, {"random-read", (*directory).randomRead},
	{"random-write", (*directory).randomWrite}, {"create", (*directory).create}, {"stat", (*directory).stat},
	{"read-small", (*directory).readSmall}, {"walk", (*directory).walk}, {"remove", (*directory).remove},
}

// DirectoryNames are the names of the loads of a directory.
func DirectoryNames() []string {
	var names []string
	for _, l := range directoryLoads {
		names = append(names, l.name)
	}
	return names
}

// Directory returns the load with the given name, in a new directory in dir, which is removed at the end.
func Directory(dir, name string, opts DirectoryOptions) (Load, error) {
	for _, l := range directoryLoads {
		if l.name != name {
			continue
		}
		data, err := newData()
		if err != nil {
			return Load{}, err
		}
		d := &directory{in: dir, opts: opts, data: data, buffers: sync.Pool{New: func() any {
			b := make([]byte, opts.Block)
			return &b
		}}}
		load := l.load(d)
		load.Name, load.Prepare, load.Clean = name, d.prepare(load.Prepare), d.clean
		return load, nil
	}
	return Load{}, fmt.Errorf("there is no load %q; there are %s", name, strings.Join(DirectoryNames(), ", "))
}

// directory is one run of a load of a directory.
type directory struct {
	in, path string
	opts     DirectoryOptions
	data     *data
	buffers  sync.Pool
	large    *os.File
}

func (d *directory) prepare(more func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		if d.path, err = os.MkdirTemp(d.in, "bench-"); err != nil || more == nil {
			return err
		}
		return more(ctx)
	}
}

func (d *directory) clean(context.Context) error {
	if d.large != nil {
		if err := d.large.Close(); err != nil {
			return err
		}
	}
	return os.RemoveAll(d.path)
}

func (d *directory) buffer() ([]byte, func()) {
	b := d.buffers.Get().(*[]byte)
	return *b, func() { d.buffers.Put(b) }
}

// small is the name of a small file; a hundred share a directory.
func (d *directory) small(i int) string {
	return filepath.Join(d.path, fmt.Sprintf("dir-%04d", i/100), fmt.Sprintf("file-%06d", i))
}

// store writes a file, in blocks.
func (d *directory) store(name string, number uint64, size int64, sync bool) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	buffer, free := d.buffer()
	defer free()
	// What is copied must not be handed to the file as a reader: the blocks are to have the size that was asked for.
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, struct{ io.Reader }{d.data.object(number, size)}, buffer)
	if err == nil && sync {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// load reads a file to its end.
func (d *directory) load(name string) (int64, error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if d.opts.Cold {
		if err := unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
			return 0, err
		}
	}
	buffer, free := d.buffer()
	defer free()
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{file}, buffer)
}

// chill makes what prepares a load of reading, which may be done limit times, one that leaves nothing cached, if that is
// asked for.
func (d *directory) chill(l Load, limit int) Load {
	if !d.opts.Cold {
		return l
	}
	prepare := l.Prepare
	l.Limit = limit
	l.Prepare = func(ctx context.Context) error {
		if err := prepare(ctx); err != nil {
			return err
		}
		unix.Sync()
		err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) {
			err = nil
		}
		return err
	}
	return l
}

// write is a large file of new bytes, with its fsync.
func (d *directory) write() Load {
	return Load{Do: func(_ context.Context, _, i int) (int64, error) {
		name := filepath.Join(d.path, fmt.Sprint("large-", i))
		if err := d.store(name, uint64(i), d.opts.Size, true); err != nil {
			return 0, err
		}
		return d.opts.Size, nil
	}}
}

func (d *directory) makeLarge(context.Context) (err error) {
	name := filepath.Join(d.path, "large")
	if err := d.store(name, 0, d.opts.Size, true); err != nil {
		return err
	}
	d.large, err = os.OpenFile(name, os.O_RDWR, 0)
	return err
}

// read is a large file from its beginning to its end.
func (d *directory) read() Load {
	return d.chill(Load{Prepare: d.makeLarge, Do: func(context.Context, int, int) (int64, error) {
		return d.load(d.large.Name())
	}}, 1)
}

// place is where the i-th random block of the large file is.
func (d *directory) place(i int) int64 {
	return int64(scatter(i)%uint64(max(d.opts.Size/int64(d.opts.Block), 1))) * int64(d.opts.Block)
}

func (d *directory) randomRead() Load {
	return d.chill(Load{Prepare: d.makeLarge, Do: func(_ context.Context, _, i int) (int64, error) {
		buffer, free := d.buffer()
		defer free()
		at := d.place(i)
		if d.opts.Cold {
			if err := unix.Fadvise(int(d.large.Fd()), at, int64(len(buffer)), unix.FADV_DONTNEED); err != nil {
				return 0, err
			}
		}
		n, err := d.large.ReadAt(buffer, at)
		if err == io.EOF {
			err = nil
		}
		return int64(n), err
	}}, 0)
}

func (d *directory) randomWrite() Load {
	return Load{Prepare: d.makeLarge, Do: func(_ context.Context, _, i int) (int64, error) {
		buffer, free := d.buffer()
		defer free()
		at := d.place(i)
		block := d.data.object(uint64(i+1), d.opts.Size)
		block.off = at
		if _, err := io.ReadFull(block, buffer[:min(int64(len(buffer)), d.opts.Size-at)]); err != nil {
			return 0, err
		}
		n, err := d.large.WriteAt(buffer, at)
		return int64(n), err
	}}
}

// create makes small files, as many as there are to be.
func (d *directory) create() Load {
	return Load{Limit: d.opts.Files, Prepare: d.makeDirs, Do: func(_ context.Context, _, i int) (int64, error) {
		return d.opts.SmallSize, d.store(d.small(i), uint64(i), d.opts.SmallSize, d.opts.Syncs)
	}}
}

func (d *directory) makeDirs(context.Context) error {
	for i := 0; i < d.opts.Files; i += 100 {
		if err := os.Mkdir(filepath.Dir(d.small(i)), 0o777); err != nil {
			return err
		}
	}
	return nil
}

func (d *directory) makeSmall(ctx context.Context) error {
	if err := d.makeDirs(ctx); err != nil {
		return err
	}
	for i := range d.opts.Files {
		if err := d.store(d.small(i), uint64(i), d.opts.SmallSize, false); err != nil {
			return err
		}
	}
	return nil
}

func (d *directory) stat() Load {
	return Load{Prepare: d.makeSmall, Do: func(_ context.Context, _, i int) (int64, error) {
		_, err := os.Lstat(d.small(int(scatter(i) % uint64(d.opts.Files))))
		return 0, err
	}}
}

func (d *directory) readSmall() Load {
	return d.chill(Load{Prepare: d.makeSmall, Do: func(_ context.Context, _, i int) (int64, error) {
		return d.load(d.small(i % d.opts.Files))
	}}, d.opts.Files)
}

// walk lists all directories and asks for the attributes of every file, as `ls -lR` does.
func (d *directory) walk() Load {
	return Load{Prepare: d.makeSmall, Items: d.opts.Files, Do: func(context.Context, int, int) (int64, error) {
		return 0, filepath.WalkDir(d.path, func(_ string, entry fs.DirEntry, err error) error {
			if err == nil {
				_, err = entry.Info()
			}
			return err
		})
	}}
}

func (d *directory) remove() Load {
	return Load{Limit: d.opts.Files, Prepare: d.makeSmall, Do: func(_ context.Context, _, i int) (int64, error) {
		return 0, os.Remove(d.small(i))
	}}
}
