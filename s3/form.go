package s3

import (
	"errors"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// maxFields is how many bytes the fields of a form before its file may have, names and values, and maxFieldCount how many
// there may be.
const (
	maxFields     = 20 << 10
	maxFieldCount = 200
	// maxBefore is how many bytes there may be before the file, with all that is around the fields. mime/multipart would take
	// 10 MB for the head of each.
	maxBefore = 5 * maxFields
)

// form is a web form that uploads a file. What stands behind the file counts for nothing.
type form struct {
	// fields by lower-case name, without the file.
	fields map[string]string
	file   *multipart.Part
}

// readForm reads the body of q as a form, up to the file.
func readForm(q *request) (*form, error) {
	_, params, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, fail(codeMalformedPOSTRequest)
	}
	in := &bounded{in: clientReader{q}, left: maxBefore}
	parts := multipart.NewReader(in, params["boundary"])
	f := &form{fields: map[string]string{}}
	for size := 0; ; {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil, failArgument("file", "0", "POST requires exactly one file upload per request.")
		}
		if err != nil {
			return nil, formError(err)
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			f.file = part
			in.left = math.MaxInt64
			f.nameFile()
			return f, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxFields+1))
		if err != nil {
			return nil, formError(err)
		}
		if size += len(name) + len(value); size > maxFields || len(f.fields) >= maxFieldCount {
			return nil, fail(codeMaxPostPreDataLength)
		}
		f.fields[name] = string(value)
	}
}

// bounded is the body of a form, of which no more than left bytes are read.
type bounded struct {
	in   io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fail(codeMaxPostPreDataLength)
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// formError is the error of a form that could not be read: the client's connection's, or that it is none.
func formError(err error) error {
	var api *apiError
	if errors.As(err, &api) {
		return api
	}
	return &apiError{code: codeMalformedPOSTRequest, cause: err}
}

// field returns the value of a field, by lower-case name.
func (f *form) field(name string) string { return f.fields[name] }

// nameFile puts the name of the file, without folders, in the place of "${filename}" in every field.
func (f *form) nameFile() {
	name := fileName(f.file.Header.Get("Content-Disposition"))
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	for field, value := range f.fields {
		f.fields[field] = strings.ReplaceAll(value, "${filename}", name)
	}
}

// fileName returns the file name of a Content-Disposition. mime/multipart has it only without what is in front of slashes
// of this machine, and browsers send those of theirs.
func fileName(disposition string) string {
	_, params, err := mime.ParseMediaType(disposition)
	if err != nil {
		return ""
	}
	return params["filename"]
}

// header returns the fields as the headers of the PutObject that the form stands for.
func (f *form) header() http.Header {
	header := http.Header{}
	for name, value := range f.fields {
		switch {
		case name == "acl":
			header.Set("X-Amz-Acl", value)
		case strings.HasPrefix(name, "x-amz-"), name == "content-type", name == "content-md5", name == "cache-control",
			name == "content-disposition", name == "content-encoding", name == "content-language", name == "expires":
			header.Set(name, value)
		}
	}
	return header
}

// sized is the file of a form, which must have a size within bounds.
type sized struct {
	io.Reader
	// short is how many bytes it must still have, left how many it may.
	short, left int64
}

// Read implements io.Reader.
func (s *sized) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.short -= int64(n)
	s.left -= int64(n)
	switch {
	case s.left < 0:
		return 0, fail(codeEntityTooLarge)
	case err == io.EOF && s.short > 0:
		return n, fail(codeEntityTooSmall)
	}
	return n, err
}
