package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// newBenchServer returns the URL of a server with the bucket "data".
func newBenchServer(b *testing.B) (*httptest.Server, *pfs.Store) {
	b.Helper()
	store := pfstest.NewStore(b)
	if _, err := store.CreateRepo(context.Background(), "data", pfs.Owner{}, pfs.By{}); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(New(store, Config{Now: pfstest.NewClock().Now, Rand: rand.Reader}))
	b.Cleanup(server.Close)
	return server, store
}

func exchange(b *testing.B, client *http.Client, method, url string, body io.Reader) {
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		b.Fatal(err)
	}
	response, err := client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		b.Fatal(response.Status, err)
	}
}

func BenchmarkPutSmall(b *testing.B) {
	server, _ := newBenchServer(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		exchange(b, server.Client(), "PUT", fmt.Sprintf("%s/data/%d", server.URL, i), strings.NewReader("some bytes"))
	}
}

func BenchmarkGetSmall(b *testing.B) {
	server, _ := newBenchServer(b)
	exchange(b, server.Client(), "PUT", server.URL+"/data/k", strings.NewReader("some bytes"))
	b.ReportAllocs()
	for b.Loop() {
		exchange(b, server.Client(), "GET", server.URL+"/data/k", nil)
	}
}

func BenchmarkPutLarge(b *testing.B) {
	server, _ := newBenchServer(b)
	data := make([]byte, 64<<20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = rand.Read(data)
		exchange(b, server.Client(), "PUT", server.URL+"/data/k", bytes.NewReader(data))
	}
}

func BenchmarkGetLarge(b *testing.B) {
	server, _ := newBenchServer(b)
	data := make([]byte, 64<<20)
	_, _ = rand.Read(data)
	exchange(b, server.Client(), "PUT", server.URL+"/data/k", bytes.NewReader(data))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		exchange(b, server.Client(), "GET", server.URL+"/data/k", nil)
	}
}

func BenchmarkListPage(b *testing.B) {
	server, store := newBenchServer(b)
	empty, err := store.Ingest(context.Background(), strings.NewReader("x"))
	if err != nil {
		b.Fatal(err)
	}
	defer empty.Release()
	_, err = store.Update(context.Background(), pfs.BranchRef("data", "master"), pfs.By{}, func(tx *pfs.Tx) error {
		for i := range 20000 {
			if err := tx.PutFile(fmt.Sprintf("dir%d/%05d", i%10, i), empty.Content, nil, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		exchange(b, server.Client(), "GET", server.URL+"/data?list-type=2&start-after=dir5/", nil)
	}
}
