package contract_test

import (
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"lukechampine.com/blake3"

	"pfsd/integration/harness"
)

// door is a running S3 door, with a bucket that the test has to itself once it has made it.
type door struct {
	*testing.T
	store   *harness.Store
	process *harness.Process
	// url is the endpoint, and objectURL that of another door on the same store, which runs with --last-modified=object.
	url, objectURL string
	bucket         string
}

// client sends requests as they are.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// answer is what a request was answered.
type answer struct {
	status int
	http.Header
	body string
}

// code is the code of an error answer.
func (a answer) code() string {
	var e struct{ Code string }
	_ = xml.Unmarshal([]byte(a.body), &e)
	return e.Code
}

// element returns the text of the first element of that name; empty when there is none.
func (a answer) element(name string) string {
	if all := a.elements(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// elements returns the texts of all elements of that name.
func (a answer) elements(name string) []string {
	var texts []string
	decoder := xml.NewDecoder(strings.NewReader(a.body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return texts
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != name {
			continue
		}
		var text string
		if err := decoder.DecodeElement(&text, &start); err == nil {
			texts = append(texts, text)
		}
	}
}

// try sends a request; headers are pairs of name and value. A path that does not begin with http is one of the door.
func (d *door) try(method, path string, body io.Reader, headers ...string) (answer, error) {
	if !strings.HasPrefix(path, "http") {
		path = d.url + path
	}
	r, err := http.NewRequest(method, path, body)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(data)}, err
}

// want sends a request that must be answered with a status and, if it is an error, a code.
func (d *door) want(status int, code, method, path, body string, headers ...string) answer {
	d.Helper()
	a, err := d.try(method, path, strings.NewReader(body), headers...)
	if err != nil {
		d.Fatalf("%s %s: %v", method, path, err)
	}
	if a.status != status || method != http.MethodHead && status >= 400 && a.code() != code {
		d.Fatalf("%s %s: %d, want %d %s\n%.2000s", method, path, a.status, status, code, a.body)
	}
	return a
}

// make makes the test's bucket.
func (d *door) make() { d.Helper(); d.want(200, "", "PUT", "/"+d.bucket, "") }

// put stores an object in it and returns its version id.
func (d *door) put(key, body string, headers ...string) string {
	d.Helper()
	return d.want(200, "", "PUT", d.path(key), body, headers...).Get("X-Amz-Version-Id")
}

// get returns an object of it.
func (d *door) get(key string, headers ...string) string {
	d.Helper()
	return d.want(200, "", "GET", d.path(key), "", headers...).body
}

// path is that of a key, perhaps with a query, in the bucket.
func (d *door) path(key string) string { return "/" + d.bucket + "/" + key }

// is fails the test unless got is want.
func (d *door) is(what string, got, want any) {
	d.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		d.Errorf("%s: %s, want %s", what, g, w)
	}
}

// keys lists the bucket with a query.
func (d *door) keys(query string) string {
	d.Helper()
	a := d.want(200, "", "GET", "/"+d.bucket+"?"+query, "")
	return strings.Join(append(a.elements("Key"), a.prefixes()...), " ")
}

// prefixes returns the common prefixes of a listing.
func (a answer) prefixes() []string {
	var listing struct{ CommonPrefixes []struct{ Prefix string } }
	_ = xml.Unmarshal([]byte(a.body), &listing)
	var all []string
	for _, p := range listing.CommonPrefixes {
		all = append(all, p.Prefix)
	}
	return all
}

// pfsd runs a command on the store, which must succeed, and returns what it prints.
func (d *door) pfsd(args ...string) string {
	d.Helper()
	r := d.store.Try(args...)
	if r.Code != 0 {
		d.Fatalf("pfsd %s: exit code %d\n%s%s", strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// commits returns how many commits the bucket's branch has, by the command line.
func (d *door) commits() int {
	d.Helper()
	return len(strings.Fields(d.pfsd("log", "-q", d.bucket)))
}

// etagOf is the ETag that an object with that content has.
func etagOf(data string) string {
	sum := blake3.Sum256([]byte(data))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// full reports whether the large runs are asked for.
func full() bool { return os.Getenv("PFSD_FULL") != "" }

// read returns how many bytes the program that has the store has read from files and sockets.
func (d *door) read() int64 {
	d.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(d.process.PID()) + "/io")
	if err != nil {
		d.Skipf("the kernel does not tell what a process has read: %v", err)
	}
	_, rest, _ := strings.Cut(string(text), "rchar: ")
	n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		d.Fatal(err)
	}
	return n
}
