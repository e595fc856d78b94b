package s3

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestMarkupIsWhatTheEncoderWrites compares elements of any text with those of encoding/xml.
func TestMarkupIsWhatTheEncoderWrites(t *testing.T) {
	at := time.Date(2026, 5, 31, 12, 0, 0, 123456789, time.FixedZone("east", 3600))
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Map(func(c rune) rune {
			if isControl(c) {
				return -1 // TestListEncoding looks at these
			}
			return c
		}, rapid.String().Draw(t, "text"))
		n, flag := rapid.Int64().Draw(t, "n"), rapid.Bool().Draw(t, "flag")
		type fields struct {
			Text string
			None string `xml:",omitempty"`
			ETag string
			N    int64
			Flag bool
			Time string
		}
		want, err := xml.Marshal(fields{Text: text, ETag: quote(text), N: n, Flag: flag, Time: xmlTime(at)})
		if err != nil {
			t.Fatal(err)
		}
		var m markup
		m.open("fields")
		m.text("Text", text)
		m.optional("None", "")
		m.etag(text)
		m.number("N", n)
		m.flag("Flag", flag)
		m.time("Time", at)
		m.end("fields")
		if string(m) != string(want) {
			t.Fatalf("%s\nwant %s", m, want)
		}
	})
}
