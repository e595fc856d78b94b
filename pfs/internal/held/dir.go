// Package held keeps directories open, so that what is done in one is done there and nowhere else. A path leads elsewhere as soon
// as its file system is unmounted, another is mounted over it, or somebody renames a directory.
package held

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// ErrGone is the error of a directory whose name leads elsewhere, or nowhere, by now.
var ErrGone = errors.New("is no longer the one that was opened")

// Dir is an open directory. All methods may be called concurrently, Close after all others.
type Dir struct {
	name string
	root *os.Root
	file *os.File
	info fs.FileInfo
	path string
}

// Open opens the directory that name leads to now. The caller closes it. It fails where /proc is not mounted.
func Open(name string) (*Dir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	d := &Dir{name: name, root: root}
	if err := d.find(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// find fills in all but name and root.
func (d *Dir) find() (err error) {
	if d.file, err = d.root.Open("."); err != nil {
		return err
	}
	if d.info, err = d.file.Stat(); err != nil {
		return err
	}
	d.path = "/proc/self/fd/" + strconv.Itoa(int(d.file.Fd()))
	seen, err := os.Stat(d.path)
	if err == nil && !os.SameFile(seen, d.info) {
		err = errors.New("it is not the directory with this descriptor")
	}
	if err != nil {
		return fmt.Errorf("%s cannot be reached by its descriptor, for which /proc must be mounted: %w", d.name, err)
	}
	return nil
}

// Name returns the name by which the directory was opened.
func (d *Dir) Name() string { return d.name }

// Path returns a path that leads to the directory whatever becomes of its name, until Close: then it may lead to another one.
func (d *Dir) Path() string { return d.path }

// Root returns the directory as one beneath which files are opened. It is closed with d.
func (d *Dir) Root() *os.Root { return d.root }

// File returns the open directory. It is closed with d.
func (d *Dir) File() *os.File { return d.file }

// Check fails with ErrGone when the name of the directory does not lead to it any more. It costs one call of stat.
func (d *Dir) Check() error {
	now, err := os.Stat(d.name)
	if err == nil && os.SameFile(now, d.info) {
		return nil
	}
	return fmt.Errorf("directory %s %w: mount it again, or move it back, then end this process and start it again", d.name, ErrGone)
}

// Show returns a text with the name of the directory in the place of Path.
func (d *Dir) Show(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, d.path)
		b.WriteString(before)
		switch {
		case !found:
			return b.String()
		case after != "" && '0' <= after[0] && after[0] <= '9': // another descriptor
			b.WriteString(d.path)
		default:
			b.WriteString(d.name)
		}
		text = after
	}
}

// Close closes the descriptors of the directory.
func (d *Dir) Close() error {
	err := d.root.Close()
	if d.file != nil {
		err = errors.Join(err, d.file.Close())
	}
	return err
}
