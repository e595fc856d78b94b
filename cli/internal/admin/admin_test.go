package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"pfsd/cli/internal/connections"
)

func serve(t *testing.T, metrics func(context.Context) ([]Metric, error)) *Server {
	t.Helper()
	s, err := Serve(t.Context(), "127.0.0.1:0", connections.New(8), metrics, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// get returns the status and the body of a request under the name host, with headers, which are pairs of name and value.
func get(t *testing.T, s *Server, path, host string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host, r.Close = host, true
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestAnswers(t *testing.T) {
	s := serve(t, func(context.Context) ([]Metric, error) {
		return []Metric{{Name: "pfsd_repos", Help: "Repos.", Value: 3}, {Name: "pfsd_in_bytes_total", Help: "In.", Total: true}}, nil
	})
	for _, tt := range []struct {
		path, host string
		status     int
		body       string
	}{
		{"/metrics", "", 200, "# HELP pfsd_repos Repos.\n# TYPE pfsd_repos gauge\npfsd_repos 3\n"},
		{"/metrics", "localhost", 200, "# TYPE pfsd_in_bytes_total counter\npfsd_in_bytes_total 0\n"},
		{"/metrics", "[::1]:9090", 200, "\ngo_goroutines "},
		{"/debug/pprof/", "localhost:80", 200, "goroutine"},
		{"/debug/pprof/goroutine?debug=1", "", 200, "goroutine profile:"},
		{"/debug/pprof/cmdline", "", 200, "admin"},
		{"/debug/pprof/nothing", "", 404, ""},
		{"/", "", 404, ""},
		{"/debug/pprof/", "evil.example:80", 403, ""},
		{"/metrics", "10.0.0.1", 403, ""},
	} {
		t.Run(tt.path+" of "+tt.host, func(t *testing.T) {
			if status, body := get(t, s, tt.path, tt.host); status != tt.status || !strings.Contains(body, tt.body) {
				t.Errorf("%d\n%.300s", status, body)
			}
		})
	}
}

// A page of another origin is refused, whether its browser names it or not; a link that a person follows is not.
func TestPagesAreKeptOut(t *testing.T) {
	s := serve(t, func(context.Context) ([]Metric, error) { return nil, nil })
	for _, tt := range []struct {
		headers []string
		status  int
	}{
		{[]string{"Origin", "http://localhost:8080"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{[]string{"Sec-Fetch-Site", "none"}, 200},
	} {
		if status, _ := get(t, s, "/metrics", "", tt.headers...); status != tt.status {
			t.Errorf("%v: %d, want %d", tt.headers, status, tt.status)
		}
	}
}

func TestStoreThatIsAway(t *testing.T) {
	s := serve(t, func(context.Context) ([]Metric, error) { return nil, errors.New("no host") })
	if status, body := get(t, s, "/metrics", ""); status != http.StatusServiceUnavailable || !strings.Contains(body, "no host") {
		t.Errorf("%d\n%s", status, body)
	}
}

func TestOthersAreKeptOut(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0"} {
		if s, err := Serve(t.Context(), addr, nil, nil, slog.New(slog.DiscardHandler)); err == nil {
			s.Close()
			t.Errorf("listens on %s", addr)
		}
	}
}
