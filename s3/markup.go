package s3

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
	"time"
)

// markup is XML that is appended piece by piece: encoding/xml takes three times as long for a page of a listing. As a []byte
// with the tag ",innerxml" it is part of what encoding/xml writes.
type markup []byte

// open and end append the tags of an element.
func (m *markup) open(name string) { *m = append(append(append(*m, '<'), name...), '>') }

func (m *markup) end(name string) { *m = append(append(append(*m, "</"...), name...), '>') }

// text appends an element with a text in it.
func (m *markup) text(name, text string) {
	m.open(name)
	m.escape(text)
	m.end(name)
}

// optional is text for one that is not there when it is empty.
func (m *markup) optional(name, text string) {
	if text != "" {
		m.text(name, text)
	}
}

// number appends an element with a number in it.
func (m *markup) number(name string, n int64) {
	m.open(name)
	*m = strconv.AppendInt(*m, n, 10)
	m.end(name)
}

// flag appends an element that says true or false.
func (m *markup) flag(name string, value bool) {
	m.open(name)
	*m = strconv.AppendBool(*m, value)
	m.end(name)
}

// time appends an element with a time, as xmlTime has it.
func (m *markup) time(name string, t time.Time) {
	m.open(name)
	*m = t.UTC().AppendFormat(*m, xmlTimeFormat)
	m.end(name)
}

// escape appends text as encoding/xml writes it, but for control characters: those are in keys, and go out as references,
// as S3 writes them, though XML 1.0 has none. A replacement would name a key that is not there; clients that cannot read the
// references ask for encoding-type=url.
func (m *markup) escape(text string) {
	for {
		i := strings.IndexFunc(text, isControl)
		if i < 0 {
			break
		}
		m.escapePlain(text[:i])
		*m = append(strconv.AppendInt(append(*m, "&#x"...), int64(text[i]), 16), ';')
		text = text[i+1:]
	}
	m.escapePlain(text)
}

// isControl reports whether c is a control character that a key may have and encoding/xml would replace.
func isControl(c rune) bool { return c > 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r' }

// escapePlain appends text as encoding/xml writes it.
func (m *markup) escapePlain(text string) {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ', c > '~', c == '&', c == '<', c == '>', c == '\'', c == '"':
			b := bytes.NewBuffer(*m)
			_ = xml.EscapeText(b, []byte(text)) // a Buffer takes everything
			*m = b.Bytes()
			return
		}
	}
	*m = append(*m, text...)
}

// etag appends an ETag, quoted.
func (m *markup) etag(etag string) {
	m.open("ETag")
	*m = append(*m, "&#34;"...)
	m.escape(etag)
	*m = append(*m, "&#34;"...)
	m.end("ETag")
}

// owner appends the owner of everything.
func (m *markup) owner() {
	o := theOwner()
	m.open("Owner")
	m.text("ID", o.ID)
	m.text("DisplayName", o.DisplayName)
	m.end("Owner")
}

// keyText is a key, or the beginning of one, in an answer that encoding/xml writes.
type keyText struct {
	XML []byte `xml:",innerxml"` // markup
}

// textOf returns text as a keyText; nil for none.
func textOf(text string) *keyText {
	if text == "" {
		return nil
	}
	var t keyText
	(*markup)(&t.XML).escape(text)
	return &t
}

// anyText is textOf for an element that is there when it is empty, too.
func anyText(text string) *keyText {
	if t := textOf(text); t != nil {
		return t
	}
	return &keyText{}
}
