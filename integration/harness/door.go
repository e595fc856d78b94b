package harness

import (
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 is a running S3 door.
type S3 struct {
	*Process
	// Host is HOST:PORT, URL the endpoint.
	Host, URL string
}

var listening = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)

// S3 starts `pfsd s3` on a free port and returns when it is ready.
func (s *Store) S3(args ...string) *S3 {
	s.t.Helper()
	return newS3(s.Start(append([]string{"s3", "--addr", "127.0.0.1:0"}, args...)...))
}

// newS3 awaits the ready line of an S3 door.
func newS3(p *Process) *S3 {
	p.t.Helper()
	line := p.awaitReady()
	host := listening.FindString(line)
	if host == "" {
		p.t.Fatalf("no address in %q", line)
	}
	return &S3{p, host, "http://" + host}
}

// Serve starts `pfsd serve` with an S3 door and a mount of address on a directory that exists, in one process.
func (s *Store) Serve(address, dir string) (*S3, *Mount) {
	s.t.Helper()
	s.t.Cleanup(func() { unmount(s.t, dir) })
	p := s.Start("serve", "--s3", "127.0.0.1:0", "--mount", address+"="+dir)
	door := newS3(p)
	p.awaitReady()
	return door, &Mount{p, dir}
}

// Client returns a client of a door without keys.
func (d *S3) Client(t testing.TB) *minio.Core {
	t.Helper()
	return d.ClientOf(t, "any", "any")
}

// ClientOf returns a client that signs with a key pair.
func (d *S3) ClientOf(t testing.TB, key, secret string) *minio.Core {
	t.Helper()
	core, err := minio.NewCore(d.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(key, secret, ""),
		BucketLookup: minio.BucketLookupPath,
		Region:       "us-east-1",
		MaxRetries:   1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return core
}

// Mount is a running mount.
type Mount struct {
	*Process
	// Dir is the mount point.
	Dir string
}

// Path returns the path of name, which is separated by slashes, in the mount.
func (m *Mount) Path(name string) string { return filepath.Join(m.Dir, filepath.FromSlash(name)) }

// Mount starts `pfsd mount` of address on a new directory and returns when it is ready.
func (s *Store) Mount(address string, args ...string) *Mount {
	s.t.Helper()
	s.doors++
	dir := filepath.Join(s.Dir, "mount"+strconv.Itoa(s.doors))
	s.Run(s.Command("mkdir", dir))
	return s.MountOn(dir, address, args...)
}

// MountOn is Mount on a directory that exists.
func (s *Store) MountOn(dir, address string, args ...string) *Mount {
	s.t.Helper()
	s.t.Cleanup(func() { unmount(s.t, dir) })
	p := s.Start(append(append([]string{"mount"}, args...), address, dir)...)
	p.awaitReady()
	return &Mount{p, dir}
}

// Start starts a pfsd that stays in the foreground, and stops it at the end of the test. It does not wait for anything.
func (s *Store) Start(args ...string) *Process {
	s.t.Helper()
	p := start(s.t, s.Command(filepath.Join(s.bin, "pfsd"), args...))
	s.t.Cleanup(func() {
		p.finish()
		if s.t.Failed() {
			s.t.Logf("%s wrote:\n%s", p, p.Stderr())
		}
	})
	return p
}

// Ready waits until the process has printed its ready line and returns it.
func (p *Process) Ready() string {
	p.t.Helper()
	return p.awaitReady()
}
