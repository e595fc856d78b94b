package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// pixel is a picture that a browser can show.
const pixel = `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>`

// script is what a page runs: it tries to use the endpoint at BASE by a tag of each kind and by fetch, and writes into the
// document what came of it.
const script = `<body><pre id="out"></pre><script>
const base = "BASE", note = text => document.getElementById("out").append(text + "\n");
const loads = (kind, element, url) => new Promise(done => {
  element.onload = () => done(note(kind + " loaded")); element.onerror = () => done(note(kind + " refused"));
  element.src = element.href = url; document.body.append(element);
});
const link = document.createElement("link"); link.rel = "stylesheet";
(async () => {
  await loads("image", new Image(), base + "/data/open.svg");
  await loads("script", document.createElement("script"), base + "/data/open.js");
  await loads("style", link, base + "/data/open.css");
  await fetch(base + "/data/secret.txt").then(r => r.text()).then(t => note("fetch read " + t), () => note("fetch refused"));
  note("all done");
})();
</script>`

// TestPagesOfOthers opens pages in a browser beside an endpoint without keys: one of another port of this machine, and the
// same page stored in the endpoint. Neither can use what is stored, until a CORS rule lets them.
func TestPagesOfOthers(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "data")
	door := s.S3()
	client := door.Client(t)
	put := func(key, kind, body string) {
		t.Helper()
		if _, err := client.PutObject(t.Context(), "data", key, strings.NewReader(body), int64(len(body)), "", "",
			minio.PutObjectOptions{ContentType: kind}); err != nil {
			t.Fatal(err)
		}
	}
	put("open.svg", "image/svg+xml", pixel)
	put("open.js", "text/javascript", "0")
	put("open.css", "text/css", "p {}")
	put("secret.txt", "text/plain", "words")
	page := strings.ReplaceAll(script, "BASE", door.URL)
	put("page.html", "text/html", page)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	}))
	t.Cleanup(other.Close)

	refused := []string{"image refused", "script refused", "style refused", "fetch refused", "all done"}
	for name, url := range map[string]string{"a page of another port": other.URL, "a stored page": door.URL + "/data/page.html"} {
		got := s.Page(url)
		for _, want := range refused {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in the document:\n%s", name, want, got)
			}
		}
	}
	const rules = `<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, door.URL+"/data?cors", strings.NewReader(rules))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
	for _, url := range []string{other.URL, door.URL + "/data/page.html"} {
		got := s.Page(url)
		for _, want := range []string{"image loaded", "script loaded", "style loaded", "fetch read words", "all done"} {
			if !strings.Contains(got, want) {
				t.Errorf("with a rule, %s: no %q in the document:\n%s", url, want, got)
			}
		}
	}
}
