package awschunked_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"pfsd/s3/awschunked"
)

// chain is a Signer whose signatures depend on all that was signed before, as real ones do.
type chain struct{ state [sha256.Size]byte }

func (c *chain) Chunk(digest [sha256.Size]byte) string   { return c.next("chunk", digest) }
func (c *chain) Trailer(digest [sha256.Size]byte) string { return c.next("trailer", digest) }

func (c *chain) next(kind string, digest [sha256.Size]byte) string {
	c.state = sha256.Sum256(append(append([]byte(kind), c.state[:]...), digest[:]...))
	return hex.EncodeToString(c.state[:])
}

// encode writes data in chunks of the given size in the given form.
func encode(data []byte, size int, form awschunked.Form, trailers ...string) string {
	var out strings.Builder
	signer := &chain{}
	for done := false; !done; {
		chunk := data[:min(size, len(data))]
		data, done = data[len(chunk):], len(chunk) == 0
		out.WriteString(strconv.FormatInt(int64(len(chunk)), 16))
		if form.Signed {
			out.WriteString(";chunk-signature=" + signer.Chunk(sha256.Sum256(chunk)))
		}
		out.WriteString("\r\n")
		if !done {
			out.Write(chunk)
			out.WriteString("\r\n")
		}
	}
	signed := ""
	for _, line := range trailers {
		out.WriteString(line + "\r\n")
		signed += line + "\n"
	}
	if form.Signed && form.Trailer {
		out.WriteString("x-amz-trailer-signature:" + signer.Trailer(sha256.Sum256([]byte(signed))) + "\r\n")
	}
	return out.String() + "\r\n"
}

var forms = map[string]awschunked.Form{
	"unsigned":                {},
	"unsigned with trailer":   {Trailer: true},
	"signed":                  {Signed: true},
	"signed with trailer":     {Signed: true, Trailer: true},
	"signed but not verified": {Signed: true},
}

// verified returns form with a fresh signer where it is to be verified.
func verified(name string, form awschunked.Form) awschunked.Form {
	if form.Signed && name != "signed but not verified" {
		form.Signer = &chain{}
	}
	return form
}

func TestRoundTrip(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 20000)
	for name, form := range forms {
		for _, size := range []int{0, 1, 15, 4096, 65536, 200000, len(data)} {
			var trailers []string
			if form.Trailer {
				trailers = []string{"x-amz-checksum-crc32:AAAAAA==", "x-other:1"}
			}
			want := data[:size]
			body := encode(want, max(1, min(size, 8192)), form, trailers...)
			r := awschunked.NewReader(iotest.HalfReader(strings.NewReader(body)), verified(name, form))
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s, %d bytes: got %d bytes, %v", name, size, len(got), err)
			}
			if form.Trailer && !maps.Equal(r.Trailer(), map[string]string{"x-amz-checksum-crc32": "AAAAAA==", "x-other": "1"}) {
				t.Errorf("%s: trailers %v", name, r.Trailer())
			}
		}
	}
}

// Every proper prefix of a body, but for the empty line at its end, is an error, and never other bytes.
func TestTruncated(t *testing.T) {
	data := []byte("hello, world")
	for name, form := range forms {
		body := encode(data, 5, form, trailersOf(form)...)
		for cut := range len(body) - len("\r\n") {
			got, err := io.ReadAll(awschunked.NewReader(strings.NewReader(body[:cut]), verified(name, form)))
			complete := strings.Contains(body[:cut], "\r\n0\r\n") && !form.Signed
			if err == nil && !complete {
				t.Errorf("%s: %q was accepted", name, body[:cut])
			}
			if !bytes.HasPrefix(data, got) {
				t.Errorf("%s: %q gave %q", name, body[:cut], got)
			}
		}
	}
}

func trailersOf(form awschunked.Form) []string {
	if form.Trailer {
		return []string{"x-amz-checksum-crc32:AAAAAA=="}
	}
	return nil
}

func TestTampered(t *testing.T) {
	for _, form := range []awschunked.Form{{Signed: true}, {Signed: true, Trailer: true}} {
		body := encode([]byte("hello, world"), 5, form, trailersOf(form)...)
		for _, change := range []struct{ name, old, new string }{
			{"data", "hello", "jello"},
			{"trailer", "AAAAAA==", "AAAAAB=="},
			{"trailer name", "crc32:", "sha1:"},
		} {
			bad := strings.Replace(body, change.old, change.new, 1)
			if bad == body {
				continue
			}
			_, err := io.ReadAll(awschunked.NewReader(strings.NewReader(bad), verified("", form)))
			if !errors.Is(err, awschunked.ErrSignature) {
				t.Errorf("%s changed: %v", change.name, err)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	signature := strings.Repeat("0", 64)
	for _, tc := range []struct {
		name, body string
		form       awschunked.Form
	}{
		{"not hex", "xyz\r\n", awschunked.Form{}},
		{"no size", "\r\n", awschunked.Form{}},
		{"negative", "-1\r\n", awschunked.Form{}},
		{"signed size", "+1\r\na\r\n0\r\n\r\n", awschunked.Form{}},
		{"too large", "10000000000000000\r\n", awschunked.Form{}},
		{"data longer than said", "1\r\nab\r\n0\r\n\r\n", awschunked.Form{}},
		{"data shorter than said by one", "2\r\na\r\n0\r\n\r\n", awschunked.Form{}},
		{"data ended by a newline alone", "1\r\na\n0\r\n\r\n", awschunked.Form{}},
		{"signature where none is due", "1;chunk-signature=" + signature + "\r\na\r\n0\r\n\r\n", awschunked.Form{}},
		{"no signature where one is due", "1\r\na\r\n0\r\n\r\n", awschunked.Form{Signed: true}},
		{"short signature", "1;chunk-signature=00\r\na\r\n0\r\n\r\n", awschunked.Form{Signed: true}},
		{"trailer where none is due", "0\r\na:b\r\n\r\n", awschunked.Form{}},
		{"trailer without a colon", "0\r\nab\r\n\r\n", awschunked.Form{Trailer: true}},
		{"bytes behind the end", "0\r\n\r\nmore", awschunked.Form{Trailer: true}},
		{"endless line", strings.Repeat("0", 100000), awschunked.Form{}},
		{"endless trailer", "0\r\n" + strings.Repeat("a:"+strings.Repeat("b", 1000)+"\r\n", 100), awschunked.Form{Trailer: true}},
	} {
		if _, err := io.ReadAll(awschunked.NewReader(strings.NewReader(tc.body), tc.form)); !errors.Is(err,
			awschunked.ErrMalformed) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestErrorOfReaderIsUnchanged(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("5\r\nhel"), iotest.ErrReader(broken))
	if _, err := io.ReadAll(awschunked.NewReader(r, awschunked.Form{})); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestLineEndingsOfTheManual(t *testing.T) {
	body := "1\r\na\r\n0\r\nx-amz-checksum-crc32c:wdBDMA==\n\r\n"
	r := awschunked.NewReader(strings.NewReader(body), awschunked.Form{Trailer: true})
	got, err := io.ReadAll(r)
	if err != nil || string(got) != "a" || r.Trailer()["x-amz-checksum-crc32c"] != "wdBDMA==" {
		t.Errorf("got %q, %v, %v", got, r.Trailer(), err)
	}
}

func TestEmptyLineBeforeTheSignature(t *testing.T) {
	form := awschunked.Form{Signed: true, Trailer: true}
	body := encode([]byte("a"), 1, form, "x-amz-checksum-crc32c:wdBDMA==")
	body = strings.Replace(body, "wdBDMA==\r\n", "wdBDMA==\n\r\n", 1)
	got, err := io.ReadAll(awschunked.NewReader(strings.NewReader(body), verified("", form)))
	if err != nil || string(got) != "a" {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzReader checks that no input makes the reader fail in another way than it says, that it never hands out more than it
// was given, and that fragmentation makes no difference.
func FuzzReader(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(encode([]byte("hello, world"), 5, form, trailersOf(form)...)), form.Signed, form.Trailer)
	}
	f.Fuzz(func(t *testing.T, body []byte, signed, trailer bool) {
		form := awschunked.Form{Signed: signed, Trailer: trailer}
		got, err := io.ReadAll(awschunked.NewReader(bytes.NewReader(body), form))
		if err != nil && !errors.Is(err, awschunked.ErrMalformed) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("unexpected error %v", err)
		}
		again, err2 := io.ReadAll(awschunked.NewReader(iotest.OneByteReader(bytes.NewReader(body)), form))
		if len(got) > len(body) || !bytes.Equal(got, again) || !errors.Is(err2, err) {
			t.Fatalf("%q: %q, %v; by single bytes %q, %v", body, got, err, again, err2)
		}
	})
}

// Clients end a trailer by a newline, alone or behind a carriage return, and the body by up to two empty lines.
func TestEndsOfBodies(t *testing.T) {
	const trailer = "x-amz-checksum-crc32c:wdBDMA=="
	for name, end := range map[string]string{
		"the manual, Python, Go, JavaScript, Java": trailer + "\r\n\r\n",
		"a newline alone":                          trailer + "\n\r\n",
		"minio-go":                                 trailer + "\n\r\n\r\n",
		"newlines alone":                           trailer + "\n\n",
		"two empty lines":                          trailer + "\r\n\r\n\r\n",
		"no empty line":                            trailer + "\r\n",
		"spaces around the value":                  "X-Amz-Checksum-Crc32c : wdBDMA== \r\n\r\n",
	} {
		r := awschunked.NewReader(iotest.OneByteReader(strings.NewReader("1\r\na\r\n0\r\n"+end)), awschunked.Form{Trailer: true})
		got, err := io.ReadAll(r)
		if err != nil || string(got) != "a" || r.Trailer()["x-amz-checksum-crc32c"] != "wdBDMA==" {
			t.Errorf("%s: got %q, %v, %v", name, got, r.Trailer(), err)
		}
	}
	for name, end := range map[string]string{
		"a trailer behind the end":   trailer + "\n\r\nx-other:1\r\n\r\n",
		"bytes behind the end":       trailer + "\n\r\n\r\nmore",
		"empty lines without end":    trailer + strings.Repeat("\r\n", 20),
		"a trailer twice":            trailer + "\r\n" + trailer + "\r\n\r\n",
		"a trailer twice, otherwise": trailer + "\r\nX-Amz-Checksum-CRC32C:AAAAAA==\r\n\r\n",
	} {
		body := "1\r\na\r\n0\r\n" + end
		if _, err := io.ReadAll(awschunked.NewReader(strings.NewReader(body), awschunked.Form{Trailer: true})); !errors.Is(err, awschunked.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
