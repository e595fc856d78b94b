package s3

import (
	"net/http"
	"strings"
)

// joinLines makes one line of each header that came in several, with commas between their values. Clients sign it in that
// form, and RFC 9110, section 5.3, gives both forms one meaning: who looks at the first line alone would obey half of what
// was signed.
func joinLines(header http.Header) {
	for name, values := range header {
		if len(values) > 1 {
			header[name] = []string{strings.Join(values, ",")}
		}
	}
}
