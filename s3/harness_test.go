package s3_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
	"pfsd/s3"
)

// server is a Handler on a store of its own, with a client.
type server struct {
	*httptest.Server
	t     *testing.T
	store *pfs.Store
	clock *pfstest.Clock
}

// newServer starts a server with one bucket, "master.data".
func newServer(t *testing.T, change ...func(*s3.Config)) *server {
	t.Helper()
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	s := &server{t: t, clock: clock, store: pfstest.NewStoreWith(t, opts)}
	config := s3.Config{
		Now: clock.Now, Rand: rand.Reader,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
	}
	for _, fn := range change {
		fn(&config)
	}
	s.Server = httptest.NewUnstartedServer(s3.New(s.store, config))
	s.Config.ReadHeaderTimeout = 30 * time.Second // as endpoints have it
	s.Start()
	s.Client().Transport.(*http.Transport).DisableCompression = true
	t.Cleanup(s.Close)
	if _, err := s.store.CreateRepo(context.Background(), "data", pfs.Owner{}, pfs.By{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// overTLS makes s answer over TLS instead, with a certificate that its client trusts.
func (s *server) overTLS() {
	s.t.Helper()
	s.Close()
	s.Server = httptest.NewTLSServer(s.Config.Handler)
	s.t.Cleanup(s.Close)
}

// overPipes makes s answer on connections within this process instead.
func (s *server) overPipes(p *pipes) {
	s.t.Helper()
	s.Close()
	config := s.Config
	s.Server = httptest.NewUnstartedServer(config.Handler)
	s.Listener.Close()
	s.Listener, s.Config.ReadHeaderTimeout = p, config.ReadHeaderTimeout
	s.Start()
	s.Client().Transport.(*http.Transport).DialContext = p.dial
	s.t.Cleanup(s.Close)
}

// stored returns the content of a file of the bucket, past the door.
func (s *server) stored(path string) []byte {
	s.t.Helper()
	ctx := context.Background()
	snapshot, err := s.store.Snapshot(ctx, pfs.BranchRef("data", "master"))
	if err != nil {
		s.t.Fatal(err)
	}
	entry, err := snapshot.Stat(ctx, path)
	if err != nil {
		s.t.Fatal(err)
	}
	var data bytes.Buffer
	if entry.Content.Size > 0 {
		if _, err := s.store.OpenContent(entry.Content).CopyRange(ctx, &data, 0, entry.Content.Size); err != nil {
			s.t.Fatal(err)
		}
	}
	return data.Bytes()
}

// answer is what a request was answered.
type answer struct {
	*http.Response
	body string
}

// code is the code of an error answer.
func (a answer) code() string {
	var e struct{ Code string }
	_ = xml.Unmarshal([]byte(a.body), &e)
	return e.Code
}

// do sends a request; headers are pairs of name and value.
func (s *server) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	return s.send(method, path, strings.NewReader(body), headers...)
}

func (s *server) send(method, path string, body io.Reader, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var data bytes.Buffer
	if _, err := io.Copy(&data, response.Body); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if response.Header.Get("X-Amz-Request-Id") == "" {
		s.t.Errorf("%s %s: no request id", method, path)
	}
	return answer{response, data.String()}
}

// record has another Handler answer a request.
func (s *server) record(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// want sends a request that must be answered with a status and, if it is an error, a code.
func (s *server) want(status int, code, method, path, body string, headers ...string) answer {
	s.t.Helper()
	a := s.do(method, path, body, headers...)
	if a.StatusCode != status || method != http.MethodHead && status >= 400 && a.code() != code {
		s.t.Fatalf("%s %s: %s, want %d %s\n%s", method, path, a.Status, status, code, a.body)
	}
	if status >= 400 && method == http.MethodHead && a.body != "" {
		s.t.Errorf("HEAD %s: an error with a body", path)
	}
	return a
}

// put stores an object and returns its version id.
func (s *server) put(path, body string, headers ...string) string {
	s.t.Helper()
	return s.want(200, "", "PUT", path, body, headers...).Header.Get("X-Amz-Version-Id")
}

// get returns an object that must be there.
func (s *server) get(path string, headers ...string) string {
	s.t.Helper()
	return s.want(200, "", "GET", path, "", headers...).body
}

// decode parses the XML of an answer.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := xml.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}
