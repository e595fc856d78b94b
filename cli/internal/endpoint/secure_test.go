package endpoint_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pfsd/cli/internal/door"
	"pfsd/cli/internal/endpoint"
	"pfsd/pfs/pfstest"
)

// certificate writes a certificate and its key, and returns the files and a client that trusts it.
func certificate(t *testing.T) (cert, key string, client *http.Client) {
	t.Helper()
	known := httptest.NewTLSServer(nil)
	known.Close()
	pair := known.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, known.Client()
}

func TestTLS(t *testing.T) {
	cert, key, client := certificate(t)
	var spec door.S3
	if err := endpoint.Secure(&spec, cert, key); err != nil {
		t.Fatal(err)
	}
	object, err := endpoint.Listen(t.Context(), "127.0.0.1:0", spec)
	if err != nil {
		t.Fatal(err)
	}
	defer object.Release()
	server := serve(t, pfstest.NewStore(t), object, time.Now)
	res, err := client.Get("https://" + object.Spec.S3.Addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 1 || res.TLS == nil {
		t.Errorf("%s %s", res.Proto, res.Status)
	}
	if res, err := http.Get("http://" + object.Spec.S3.Addr + "/"); err == nil {
		if res.Body.Close(); res.StatusCode < 400 {
			t.Errorf("without TLS: %s", res.Status)
		}
	}
	client.CloseIdleConnections()
	server.Close(t.Context())
	<-server.Done()
}

func TestSecureRefuses(t *testing.T) {
	cert, key, _ := certificate(t)
	for name, files := range map[string][2]string{
		"no such file": {cert + "x", key}, "no such key": {cert, key + "x"}, "one for the other": {key, cert},
	} {
		if endpoint.Secure(&door.S3{}, files[0], files[1]) == nil {
			t.Errorf("%s: taken", name)
		}
	}
	object, err := endpoint.Listen(t.Context(), "127.0.0.1:0", door.S3{TLSCert: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Release()
	err = object.Give(func(own *os.File) error {
		_, err := endpoint.Serve(pfstest.NewStore(t), *object.Spec.S3, own, endpoint.Config{Now: time.Now})
		return err
	})
	if err == nil {
		t.Error("a certificate that is none was taken")
	}
}
