package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzXML reads arbitrary bodies as each document that a client can send: they are taken or refused, and what is taken is
// within what an operation may rely on.
func FuzzXML(f *testing.F) {
	for _, body := range []string{
		corsSample, "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
		"<Delete><Quiet>true</Quiet><Object><Key>a</Key><VersionId>x</VersionId></Object></Delete>",
		"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
		`<?xml version="1.0" encoding="x"?><a/>`, "<a><![CDATA[", "<!DOCTYPE a [<!ENTITY b 'c'>]><Tagging>&b;</Tagging>", "", "<",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var complete completeRequest
		var versioning struct{ Status string }
		var deletion deleteRequest
		for _, v := range []any{&complete, &versioning, &deletion} {
			_, err := decodeXML(bytes.NewReader(body), v)
			var api *apiError
			if err != nil && (!errors.As(err, &api) || api.code != codeMalformedXML) {
				t.Fatalf("%q: %v", body, err)
			}
		}
		if tags, err := decodeTagging(bytes.NewReader(body)); err == nil && len(tags) > maxTags {
			t.Errorf("%d tags", len(tags))
		}
	})
}

const corsSample = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>" +
	"</CORSConfiguration>"

// FuzzForm reads arbitrary bodies as web forms: they are forms with a file, or refused as what is no form.
func FuzzForm(f *testing.F) {
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	f.Add("x", part("key", "k")+part("file", "data")+"--x--\r\n")
	f.Add("x", part("key", "${filename}")+"--x\r\nContent-Disposition: form-data; name=file; filename=\"..\\a/b\"\r\n\r\ny")
	f.Add("", "--\r\n\r\n--")
	f.Fuzz(func(t *testing.T, boundary, body string) {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/data", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=\""+boundary+"\"")
		read, err := readForm(&request{Request: r})
		var api *apiError
		if err != nil {
			if !errors.As(err, &api) || codes[api.code].status != http.StatusBadRequest {
				t.Fatalf("%v", err)
			}
			return
		}
		_, _ = read.field("key"), read.header()
		if n, err := io.Copy(io.Discard, read.file); n > int64(len(body)) {
			t.Errorf("%d bytes of %d, %v", n, len(body), err)
		}
	})
}
