package cli

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
	"lukechampine.com/blake3"

	"pfsd/cli/internal/control"
)

// partial is a file that is being received: under another name, and renamed when it is whole and right. What had come when a
// get was broken off stays under that name, and the next one goes on from there.
type partial struct {
	r    *receiver
	name string
	// temp is beside name.
	temp string
	e    control.Entry
	file *os.File
	hash *blake3.Hasher
	// size is how much there is; more than 0 at the beginning when the file was begun by another get.
	size    int64
	resumed bool
}

// errOther says that what an earlier get had left was not the beginning of the file.
var errOther = errors.New("what had come earlier was not the same file")

// keepFrom is the size from which on what has come is kept when a get is broken off.
const keepFrom = 1 << 20

// begin returns the file at name, empty or with what has come already. Its owner calls end.
func (r *receiver) begin(name string, e control.Entry) (*partial, error) {
	p := &partial{r: r, name: name, e: e, temp: r.temporary(name, e), hash: blake3.New(32, nil)}
	const flags = os.O_RDWR | os.O_CREATE | unix.O_NOFOLLOW
	file, err := r.root.OpenFile(p.temp, flags, 0o600)
	if err == nil && !p.alone(file) {
		// Another get of the same file is at it, or it is somebody else's.
		file.Close()
		p.temp = r.unique(name)
		file, err = r.root.OpenFile(p.temp, flags|os.O_EXCL, 0o600)
	}
	if err != nil {
		return nil, about(r.local(name), err)
	}
	p.file = file
	if err := p.resume(); err != nil {
		file.Close()
		return nil, about(r.local(name), err)
	}
	return p, nil
}

// alone reports whether nobody else writes to file, which still has its name: it is this user's, under this name only, and no
// other get has it.
func (p *partial) alone(file *os.File) bool {
	var stat unix.Stat_t
	if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil || unix.Fstat(int(file.Fd()), &stat) != nil {
		return false
	}
	mine, err := file.Stat()
	if err != nil || int(stat.Uid) != os.Geteuid() || stat.Nlink != 1 {
		return false
	}
	there, err := p.r.root.Lstat(p.temp)
	return err == nil && os.SameFile(mine, there)
}

// resume takes over what is in the file.
func (p *partial) resume() error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	if size := info.Size() &^ (holeSize - 1); info.Mode().IsRegular() && size <= p.e.Size {
		p.size, p.resumed = size, size > 0
	}
	if _, err := io.Copy(p.hash, io.NewSectionReader(p.file, 0, p.size)); err != nil {
		return err
	}
	return p.file.Truncate(p.size)
}

// receive adds the bytes of body, which begin at p.size, and gives the file its name. It returns errOther when it has to be
// received from its beginning.
func (p *partial) receive(body io.Reader) error {
	size, err := writeSparse(p.file, p.size, io.TeeReader(body, p.hash))
	if p.size = size; err != nil {
		return err
	}
	if p.size != p.e.Size {
		return fmt.Errorf("%d bytes came, not %d", p.size, p.e.Size)
	}
	// A hash that ends in "-0" is not that of the bytes.
	if sum := hex.EncodeToString(p.hash.Sum(nil)); sum != p.e.ETag && !strings.HasSuffix(p.e.ETag, "-0") {
		p.size = 0
		if p.resumed {
			return errOther
		}
		return fmt.Errorf("the bytes that came hash to %s, not to %s", sum, p.e.ETag)
	}
	return p.whole()
}

// whole gives the file its attributes and its name.
func (p *partial) whole() error {
	if err := p.r.own(p.temp, p.e); err != nil {
		return err
	}
	if err := p.file.Chmod(p.r.mode(p.e)); err != nil {
		return err
	}
	if err := p.r.root.Chtimes(p.temp, p.e.Mtime, p.e.Mtime); err != nil {
		return err
	}
	return p.r.root.Rename(p.temp, p.name)
}

// end closes the file. With err, that of receiving it, little is removed and much is kept for another get.
func (p *partial) end(err error) error {
	if err != nil && p.size < keepFrom {
		_ = p.r.root.Remove(p.temp)
	}
	closeErr := p.file.Close()
	if err == nil {
		err = closeErr
	}
	return err
}

// temporary returns a name beside name that every get of the same bytes to there uses.
func (r *receiver) temporary(name string, e control.Entry) string {
	sum := blake3.Sum256([]byte(name + "\x00" + e.ETag))
	return path.Join(path.Dir(name), ".pfsd-get-"+hex.EncodeToString(sum[:12]))
}

// unique returns a name beside name that no other get uses at the same time.
func (r *receiver) unique(name string) string {
	return path.Join(path.Dir(name), fmt.Sprintf(".pfsd-get-%d-%d", os.Getpid(), r.temps.Add(1)))
}

// holeSize is the size of an aligned run of zeros that becomes a hole, as it is one in the store.
const holeSize = 64 << 10

// writeSparse writes all of r to file from off, a multiple of holeSize, on, with holes for long runs of zeros, and returns
// where it has come to. A reader that fails with io.ErrUnexpectedEOF is taken to be at its end: the caller knows how much
// there should be.
func writeSparse(file *os.File, off int64, r io.Reader) (int64, error) {
	buf := make([]byte, holeSize)
	zeros := make([]byte, holeSize)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 && string(buf[:n]) != string(zeros[:n]) {
			if _, err := file.WriteAt(buf[:n], off); err != nil {
				return off, err
			}
		}
		off += int64(n)
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return off, file.Truncate(off)
		default:
			return off, err
		}
	}
}
