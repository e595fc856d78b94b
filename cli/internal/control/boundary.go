package control

import (
	"errors"
	"mime"
)

// boundaryOf returns the boundary that a multipart media type names.
func boundaryOf(contentType string) (string, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", err
	}
	if params["boundary"] == "" {
		return "", errors.New("not a stream of parts")
	}
	return params["boundary"], nil
}
