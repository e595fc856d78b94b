package s3_test

import (
	"mime"
	"strings"
	"testing"

	"pfsd/pfs"
)

// Text goes out in encoded words, however it came, and into the mount as it is.
func TestMetadataBeyondASCII(t *testing.T) {
	s := newServer(t)
	long := strings.Repeat("日本", 50)
	for _, tc := range []struct{ name, sent, text string }{
		{"plain", "a; b=c", "a; b=c"},
		{"UTF-8", "Grüße", "Grüße"},
		{"ISO 8859-1", "Gr\xfc\xdfe", "Grüße"},
		{"base64 words", mime.BEncoding.Encode("UTF-8", "Grüße"), "Grüße"},
		{"quoted words", mime.QEncoding.Encode("UTF-8", "Grüße €"), "Grüße €"},
		{"words in text", "a =?ISO-8859-1?Q?=FC?= b", "a ü b"},
		{"long", mime.BEncoding.Encode("UTF-8", long), long},
		{"words of ASCII", "=?UTF-8?Q?abc?=", "=?UTF-8?Q?abc?="},
		{"no words", "=?UTF-8?X?abc?=", "=?UTF-8?X?abc?="},
		{"words that are not UTF-8", "=?UTF-8?Q?=FC?=", "=?UTF-8?Q?=FC?="},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.put("/data/k", "x", "x-amz-meta-text", tc.sent)
			snapshot, err := s.store.Snapshot(t.Context(), pfs.BranchRef("data", "master"))
			if err != nil {
				t.Fatal(err)
			}
			entry, err := snapshot.Stat(t.Context(), "k")
			if err != nil || entry.Meta.User["text"] != tc.text && !strings.HasSuffix(tc.name, "not UTF-8") {
				t.Errorf("stored %q, %v", entry.Meta.User["text"], err)
			}
			got := s.want(200, "", "HEAD", "/data/k", "").Header.Get("X-Amz-Meta-Text")
			plain, err := new(mime.WordDecoder).DecodeHeader(got)
			if strings.Contains(tc.name, "words of") || strings.HasPrefix(tc.name, "no") {
				plain = got
			}
			if err == nil && plain != tc.text && !strings.HasSuffix(tc.name, "not UTF-8") {
				t.Errorf("answered %q", got)
			}
			for _, c := range got {
				if c < ' ' || c > '~' {
					t.Fatalf("%q is not ASCII", got)
				}
			}
		})
	}
}

// Names and values that a mount made and that no header can bear do not get into one.
func TestMetadataThatNoHeaderCanBear(t *testing.T) {
	s := newServer(t)
	s.put("/data/k", "x")
	_, err := s.store.Update(t.Context(), pfs.BranchRef("data", "master"), pfs.By{}, func(tx *pfs.Tx) error {
		return tx.Edit("k", func(e *pfs.Entry) error {
			meta := *e.Meta
			meta.User = map[string]string{"a b": "1", "ä": "2", "": "3", "fine": "x\r\nX-Evil: 1"}
			e.Meta = &meta
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	header := s.want(200, "", "HEAD", "/data/k", "").Header
	if header.Get("X-Amz-Missing-Meta") != "3" || header.Get("X-Evil") != "" {
		t.Errorf("answered %v", header)
	}
	if plain, err := new(mime.WordDecoder).DecodeHeader(header.Get("X-Amz-Meta-Fine")); err != nil || plain != "x\r\nX-Evil: 1" {
		t.Errorf("got %q, %v", plain, err)
	}
}
