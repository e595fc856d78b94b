package integration_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// TestOddKeys asks for keys that S3 allows and a tree of files does not have, or has as a directory.
func TestOddKeys(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "odd")
	door := s.S3()
	client := door.Client(t)
	first := upload(t, client, "master.odd", "dir/file", strings.NewReader("bytes"), 5).VersionID
	upload(t, client, "master.odd", "empty/", strings.NewReader(""), 0)
	for _, c := range []struct {
		name, method, target string
		status               int
		// in is a part of what is answered, out is none.
		in, out string
	}{
		{"get a directory", "GET", "/master.odd/dir/", 200, "", "bytes"},
		{"head a directory", "HEAD", "/master.odd/dir/", 200, "", ""},
		{"delete a key that cannot be", "DELETE", "/master.odd/a//b", 204, "", ""},
		{"delete a key that is not there", "DELETE", "/master.odd/nothing", 204, "", ""},
		{"delete below a file", "DELETE", "/master.odd/dir/file/x", 204, "", ""},
		{"delete a directory by its name as a file", "DELETE", "/master.odd/dir", 204, "", ""},
		{"list a prefix that cannot be", "GET", "/master.odd?prefix=a//b", 200, "ListBucketResult", "<Contents>"},
		{"list inside a name", "GET", "/master.odd?prefix=dir/fi", 200, "<Key>dir/file</Key>", ""},
		{"list with the delimiter", "GET", "/master.odd?delimiter=/", 200, "<Prefix>dir/</Prefix>", "<Contents>"},
		{"list an empty directory", "GET", "/master.odd", 200, "<Key>empty/</Key>", "<Key>dir/</Key>"},
		{"get from a commit", "GET", "/" + first + ".odd/dir/file", 200, "bytes", ""},
		{"get from a commit of a branch", "GET", "/" + first + ".master.odd/dir/file", 200, "bytes", ""},
		{"put into a commit", "PUT", "/" + first + ".odd/dir/file", 405, "MethodNotAllowed", ""},
		{"delete in a commit", "DELETE", "/" + first + ".odd/dir/file", 405, "MethodNotAllowed", ""},
		{"get by the repo's name", "GET", "/odd/dir/file", 200, "bytes", ""},
		{"delete an empty directory", "DELETE", "/master.odd/empty/", 204, "", ""},
		{"list without it", "GET", "/master.odd", 200, "<Key>dir/file</Key>", "empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := ask(t, c.method, door.URL+c.target)
			if status != c.status || !strings.Contains(body, c.in) || c.out != "" && strings.Contains(body, c.out) {
				t.Errorf("%d, want %d with %q and without %q:\n%s", status, c.status, c.in, c.out, body)
			}
		})
	}
}

// ask sends a request without a body and returns what is answered.
func ask(t *testing.T, method, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}
