package sigv2

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"pfsd/s3/sigv4"
)

// signedParameters are the query parameters that are signed: all that choose what is done, and none that merely say how much.
var signedParameters = map[string]bool{
	"accelerate": true, "acl": true, "analytics": true, "attributes": true, "cors": true, "defaultObjectAcl": true, "delete": true,
	"encryption": true, "intelligent-tiering": true, "inventory": true, "legal-hold": true, "lifecycle": true,
	"location": true, "logging": true, "metrics": true, "notification": true, "object-lock": true, "ownershipControls": true,
	"partNumber": true, "policy": true, "policyStatus": true, "publicAccessBlock": true, "replication": true,
	"requestPayment": true, "response-cache-control": true, "response-content-disposition": true,
	"response-content-encoding": true, "response-content-language": true, "response-content-type": true,
	"response-expires": true, "restore": true, "retention": true, "select": true, "select-type": true, "storageClass": true,
	"tagging": true, "torrent": true, "uploadId": true, "uploads": true, "versionId": true, "versioning": true,
	"versions": true, "website": true,
}

// texts returns what may have been signed. Clients differ in whether a parameter with an equals sign and no value is signed
// with that sign, and in whether a bucket that is the whole path is signed with a slash behind it.
func texts(r *http.Request, bucket, date string) []string {
	head := strings.Join([]string{
		r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), date, amzHeaders(r.Header),
	}, "\n")
	paths := []string{path(r, bucket)}
	if strings.LastIndexByte(paths[0], '/') == 0 && paths[0] != "/" {
		paths = append(paths, paths[0]+"/")
	}
	bare, exact := parameters(r.URL.RawQuery)
	queries := []string{bare}
	if bare != exact {
		queries = append(queries, exact)
	}
	var texts []string
	for _, path := range paths {
		for _, query := range queries {
			texts = append(texts, head+path+query)
		}
	}
	return texts
}

// amzHeaders returns the x-amz- headers, each on a line, in the order of their names: a name that begins another is first,
// which the colon behind it must not change.
func amzHeaders(header http.Header) string {
	lines := map[string]string{}
	for name, values := range header {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "x-amz-") {
			continue
		}
		trimmed := slices.Clone(values)
		for i, value := range trimmed {
			trimmed[i] = strings.TrimSpace(value)
		}
		lines[lower] = lower + ":" + strings.Join(trimmed, ",") + "\n"
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		text.WriteString(lines[name])
	}
	return text.String()
}

// path returns the path as it was sent, still encoded, behind the bucket of the host name.
func path(r *http.Request, bucket string) string {
	sent := r.URL.RawPath
	if sent == "" {
		sent = r.URL.EscapedPath()
	}
	if sent == "" {
		sent = "/"
	}
	if bucket == "" {
		return sent
	}
	return "/" + bucket + sent
}

// parameters returns the signed parameters of a query, decoded: without the equals sign of empty ones, and with it. Names are
// decoded, too: one with an escape in it is obeyed like any other, so it must be signed like any other.
func parameters(raw string) (bare, exact string) {
	type pair struct{ name, bare, exact string }
	var pairs []pair
	for item := range strings.SplitSeq(raw, "&") {
		name, value, equals := strings.Cut(item, "=")
		name, value = sigv4.Unescape(name), sigv4.Unescape(value)
		if !signedParameters[name] {
			continue
		}
		p := pair{name, name, name}
		if value != "" {
			p.bare += "=" + value
		}
		if equals {
			p.exact += "=" + value
		}
		pairs = append(pairs, p)
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	for i, p := range pairs {
		separator := "&"
		if i == 0 {
			separator = "?"
		}
		bare, exact = bare+separator+p.bare, exact+separator+p.exact
	}
	return bare, exact
}
