package hostile_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// memoryLimit is how much pfsd may hold with its default of --memory, whatever clients do.
const memoryLimit = 512 << 20

// crowd is a number of clients that each send the beginning of a request and nothing more.
type crowd struct {
	name  string
	size  int
	begin func(i int) string
}

// TestMemoryOfCrowds has crowds keep the door waiting, each in its own way. Another client is served all the while.
func TestMemoryOfCrowds(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "data")
	door := s.S3()
	client := door.Client(t)
	piece := string(noise(t, 1<<20))
	put(t, client, "large", noise(t, 32<<20))
	fillNames(t, s)
	upload, err := client.NewMultipartUpload(t.Context(), "master.data", "parts", minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	head := "Host: localhost\r\nContent-Length: 4000000\r\n"
	form := "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nform\r\n--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"
	for _, c := range []crowd{
		{"heads of many lines", 2500, func(int) string {
			return "GET / HTTP/1.1\r\n" + lines(2000) + "A: " + strings.Repeat("a", 12<<10)
		}},
		{"heads of long lines", 2500, func(int) string { return "GET / HTTP/1.1\r\nA: " + strings.Repeat("a", 100<<10) }},
		{"objects", 1000, func(i int) string { return fmt.Sprintf("PUT /master.data/k%d HTTP/1.1\r\n%s\r\n%s", i, head, piece) }},
		{"small objects", 1000, func(i int) string {
			return fmt.Sprintf("PUT /master.data/k%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000\r\n\r\n%s", i, piece[:39000])
		}},
		{"parts", 300, func(i int) string {
			return fmt.Sprintf("PUT /master.data/parts?partNumber=%d&uploadId=%s HTTP/1.1\r\n%s\r\n%s", i+1, upload, head, piece)
		}},
		{"forms", 300, func(int) string {
			return "POST /master.data HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n" + head + "\r\n" + form + piece
		}},
		{"heads of forms", 300, func(int) string {
			return "POST /master.data HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n" + head +
				"\r\n--x\r\nA: " + strings.Repeat("a", 1<<20)
		}},
		{"XML", 300, func(int) string {
			return "POST /master.data?delete HTTP/1.1\r\n" + head + "\r\n<Delete>" + strings.Repeat(" ", 1<<20)
		}},
		{"answers", 500, func(int) string { return "GET /master.data/large HTTP/1.1\r\nHost: localhost\r\n\r\n" }},
		{"lists", 500, func(int) string {
			return strings.Repeat("GET /master.data?list-type=2&prefix=names/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 8)
		}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			watch := harness.WatchMemory(t, door.Process)
			leave := c.gather(t, door.Host)
			valid := noise(t, 3<<20)
			put(t, client, "valid", valid)
			if got := get(t, client, "valid"); !bytes.Equal(got, valid) {
				t.Errorf("the valid object has %d bytes, not those that were put", len(got))
			}
			put(t, client, "small", valid[:1000])
			leave()
			peak := watch.Peak()
			t.Logf("peak of %d MiB", peak>>20)
			if peak == 0 || peak > memoryLimit {
				t.Errorf("peak of %d MiB, the limit is %d", peak>>20, memoryLimit>>20)
			}
		})
	}
}

// gather brings the crowd to the door, and returns how to send it away. What the door does not take of what they send is left.
func (c crowd) gather(t *testing.T, addr string) (leave func()) {
	t.Helper()
	var senders sync.WaitGroup
	var conns []net.Conn
	for i := range c.size {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		text := c.begin(i)
		senders.Go(func() { _, _ = io.WriteString(conn, text) })
	}
	return func() {
		for _, conn := range conns {
			conn.Close()
		}
		senders.Wait()
	}
}

// lines are the shortest lines of headers, whose names differ, of so many bytes.
func lines(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%c%c%c:\n", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26)
	}
	return b.String()
}

func noise(t *testing.T, size int64) []byte {
	t.Helper()
	data, err := io.ReadAll(harness.Noise(7, size))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fillNames stores a page of long names, in one commit.
func fillNames(t *testing.T, s *harness.Store) {
	t.Helper()
	name := strings.Repeat("n", 200)
	dir := filepath.Join(s.Dir, "names", name, name, name)
	s.Run(s.Command("mkdir", "-p", dir))
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(name, i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Pfsd("put", filepath.Join(s.Dir, "names"), "data:/names")
}

func put(t *testing.T, client *minio.Core, key string, data []byte) {
	t.Helper()
	opts := minio.PutObjectOptions{DisableMultipart: true}
	if _, err := client.Client.PutObject(t.Context(), "master.data", key, bytes.NewReader(data), int64(len(data)), opts); err != nil {
		t.Errorf("%s: %v", key, err)
	}
}

func get(t *testing.T, client *minio.Core, key string) []byte {
	t.Helper()
	object, err := client.Client.GetObject(context.WithoutCancel(t.Context()), "master.data", key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	data, err := io.ReadAll(object)
	if err != nil {
		t.Errorf("%s: %v", key, err)
	}
	return data
}
