package endpoint

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"

	"pfsd/cli/internal/door"
)

// Secure has an endpoint speak TLS, with the certificate, and those that vouch for it, in the PEM file cert, and its private
// key in the PEM file key. They are read now, by the endpoint's owner, and go along with the door.
func Secure(spec *door.S3, cert, key string) error {
	var err error
	if spec.TLSCert, err = os.ReadFile(cert); err != nil {
		return err
	}
	if spec.TLSKey, err = os.ReadFile(key); err != nil {
		return err
	}
	if _, err = tls.X509KeyPair(spec.TLSCert, spec.TLSKey); err != nil {
		return fmt.Errorf("%s and %s: %w", cert, key, err)
	}
	return nil
}

// secured returns listener, or what speaks TLS over it when the endpoint does so. As S3 itself, it offers HTTP/1.1 only:
// in HTTP/2 all transfers of a client would share one connection and its windows.
func secured(listener net.Listener, spec *door.S3) (net.Listener, error) {
	if len(spec.TLSCert) == 0 {
		return listener, nil
	}
	pair, err := tls.X509KeyPair(spec.TLSCert, spec.TLSKey)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	}), nil
}

// onlyHTTP1 are the protocols of an endpoint.
func onlyHTTP1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}
