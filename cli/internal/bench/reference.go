package bench

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// EmptyKey is the key of the reference server that is answered with nothing, by a handler that does nothing.
const EmptyKey = "-empty-"

// Reference returns what an S3 store is measured against: a handler that keeps objects as plain files below dir. A GET is
// sent by net/http from the file, which is by sendfile(2) over plain TCP; a PUT is one write and an fsync. It knows no
// signatures, no listings and no atomicity.
func Reference(dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if key == EmptyKey || key == "" {
			return // a bucket is always there; deleting many is not done
		}
		name := filepath.Join(dir, filepath.FromSlash(filepath.Clean("/"+key)))
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			serveFile(w, r, name)
		case http.MethodPut:
			reply(w, storeFile(name, r.Body))
		case http.MethodDelete:
			reply(w, os.Remove(name))
		default:
			http.Error(w, "not implemented", http.StatusNotImplemented)
		}
	})
}

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	file, err := os.Open(name)
	if err != nil {
		reply(w, err)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		reply(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", info.ModTime(), file)
}

func storeFile(name string, body io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, body)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func reply(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, os.ErrNotExist):
		http.Error(w, err.Error(), http.StatusNotFound)
	default:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
