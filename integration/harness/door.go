package harness

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
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
	// Key and Secret are what clients sign with: the key pair of the door, or any at all when it has none.
	Key, Secret string
	// CA is the path of the certificate that vouches for a door with TLS; empty for one without.
	CA string
}

var listening = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)

// S3 starts `pfsd s3` on a free port and returns when it is ready.
func (s *Store) S3(args ...string) *S3 {
	s.t.Helper()
	return newS3(s.Start(append([]string{"s3", "--addr", "127.0.0.1:0"}, args...)...))
}

// KeyedS3 is S3 with a key pair; over TLS if there is a certificate.
func (s *Store) KeyedS3(c *Certificate, args ...string) *S3 {
	s.t.Helper()
	const key, secret = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	args = append(args, "--access-key", key, "--secret-key", secret)
	if c != nil {
		args = append(args, "--tls-cert", c.Cert, "--tls-key", c.Key)
	}
	d := s.S3(args...)
	d.Key, d.Secret = key, secret
	if c != nil {
		d.URL, d.CA = "https://"+d.Host, c.CA
	}
	return d
}

// newS3 awaits the ready line of an S3 door.
func newS3(p *Process) *S3 {
	p.t.Helper()
	line := p.awaitReady()
	host := listening.FindString(line)
	if host == "" {
		p.t.Fatalf("no address in %q", line)
	}
	return &S3{Process: p, Host: host, URL: "http://" + host, Key: "any", Secret: "any"}
}

// Serve starts `pfsd serve` with an S3 door and a mount of address on a directory that exists, in one process. Each of args
// is one more flag.
func (s *Store) Serve(address, dir string, args ...string) (*S3, *Mount) {
	s.t.Helper()
	s.t.Cleanup(func() { unmount(s.t, dir) })
	p := s.Start(append([]string{"serve", "--s3", "127.0.0.1:0", "--mount", address + "=" + dir}, args...)...)
	door := newS3(p)
	p.awaitReady()
	return door, &Mount{p, dir}
}

// Environ returns the environment variables that tell AWS SDKs, curl and Node.js the keys of the door and whom to trust;
// ENDPOINT is its URL, for scripts.
func (d *S3) Environ() []string {
	env := []string{"ENDPOINT=" + d.URL, "AWS_ACCESS_KEY_ID=" + d.Key, "AWS_SECRET_ACCESS_KEY=" + d.Secret}
	if d.CA != "" {
		env = append(env, "AWS_CA_BUNDLE="+d.CA, "CURL_CA_BUNDLE="+d.CA, "NODE_EXTRA_CA_CERTS="+d.CA)
	}
	return env
}

// Client returns a client of the door, with its keys.
func (d *S3) Client(t testing.TB) *minio.Core {
	t.Helper()
	return d.ClientOf(t, d.Key, d.Secret)
}

// ClientOf returns a client that signs with a key pair.
func (d *S3) ClientOf(t testing.TB, key, secret string) *minio.Core {
	t.Helper()
	core, err := minio.NewCore(d.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(key, secret, ""),
		BucketLookup: minio.BucketLookupPath,
		Region:       "us-east-1",
		MaxRetries:   1,
		Secure:       d.CA != "",
		Transport:    d.Transport(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	return core
}

// Transport returns what HTTP clients of the door use: it trusts its certificate. It is closed when the test ends.
func (d *S3) Transport(t testing.TB) *http.Transport {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	if d.CA == "" {
		return transport
	}
	pem, err := os.ReadFile(d.CA)
	if err != nil {
		t.Fatal(err)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in %s", d.CA)
	}
	return transport
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

// LimitDescriptors has the doors that are started from now on be allowed n descriptors.
func (s *Store) LimitDescriptors(n int) { s.descriptors = n }

// Start starts a pfsd that stays in the foreground, and stops it at the end of the test. It does not wait for anything.
func (s *Store) Start(args ...string) *Process {
	s.t.Helper()
	name := filepath.Join(s.bin, "pfsd")
	if s.descriptors > 0 {
		args = append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, s.descriptors), name}, args...)
		name = "/bin/sh"
	}
	p := start(s.t, s.Command(name, args...))
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
