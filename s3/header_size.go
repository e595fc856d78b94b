package s3

import "net/http"

// maxHeaders is how many bytes the headers of a request may have, as S3 has it. What was hoisted into the query of a presigned
// URL does not count: the endpoint bounds the URL.
const maxHeaders = 8 << 10

// headerSize returns how many bytes the headers of r had when they were sent, but for spaces around them.
func headerSize(r *http.Request) int {
	const around = len(": \r\n")
	size := len("Host") + len(r.Host) + around
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + around
		}
	}
	return size
}
