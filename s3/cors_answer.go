package s3

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"pfsd/s3/webpage"
)

// cross lets a request of a web page of another origin in when a CORS rule of its bucket allows it, and tells the browser
// so. Where every request is signed, others are let in too: they prove by that that they are no page's, and a browser does
// not show the page what is answered without that word. A page whose origin is not known has the rules for all origins.
func (h *Handler) cross(q *request) error {
	origin, foreign := h.page(q)
	if !foreign {
		return nil
	}
	rule, named := crossing{origin: origin, method: q.Method}.allowing(h.corsRules(q.Context(), q.bucket))
	if rule != nil {
		q.w.allow(rule, named, nil)
		return nil
	}
	if h.cfg.AccessKey == "" {
		return failf(codeAccessDenied, "Without access keys this endpoint answers web pages of other origins only as the "+
			"CORS rules of the bucket allow.")
	}
	return nil
}

// crossSource lets a web page copy out of a bucket that it may read: without keys the rules of both are asked.
func (h *Handler) crossSource(q *request, bucket string) error {
	origin, foreign := h.page(q)
	if h.cfg.AccessKey != "" || !foreign {
		return nil
	}
	if rule, _ := (crossing{origin: origin, method: http.MethodGet}).allowing(h.corsRules(q.Context(), bucket)); rule == nil {
		return failf(codeAccessDenied, "Without access keys this endpoint lets web pages of other origins copy only what the "+
			"CORS rules of the source's bucket let them read.")
	}
	return nil
}

// page returns the origin of the web page of another origin that sent q, and whether there is one. Where every request is
// signed, only pages that say so themselves count: pictures by presigned URLs are for any page.
func (h *Handler) page(q *request) (origin string, foreign bool) {
	if h.cfg.AccessKey != "" {
		origin = q.Header.Get("Origin")
		return origin, origin != ""
	}
	return webpage.Origin(q.Request)
}

// preflight answers the question of a browser whether a page may send a request. Such a question is never signed.
func (h *Handler) preflight(q *request) error {
	c := crossing{origin: q.Header.Get("Origin"), method: q.Header.Get("Access-Control-Request-Method")}
	if c.origin == "" {
		return failf(codeBadRequest, "Insufficient information. Origin request header needed.")
	}
	if !slices.Contains([]string{"GET", "PUT", "HEAD", "POST", "DELETE"}, c.method) {
		return failf(codeBadRequest, "Invalid Access-Control-Request-Method: "+c.method)
	}
	for header := range strings.SplitSeq(q.Header.Get("Access-Control-Request-Headers"), ",") {
		if header = strings.TrimSpace(header); header != "" {
			c.headers = append(c.headers, header)
		}
	}
	rules := h.corsRules(q.Context(), q.bucket)
	if len(rules) == 0 {
		return failf(codeAccessForbidden, "CORSResponse: CORS is not enabled for this bucket.")
	}
	rule, named := c.allowing(rules)
	if rule == nil {
		return failf(codeAccessForbidden, "CORSResponse: This CORS request is not allowed. This is usually because the "+
			"evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not "+
			"allowed by the resource's CORS spec.")
	}
	q.w.allow(rule, named, c.headers)
	if q.Header.Get("Access-Control-Request-Private-Network") == "true" {
		q.w.Header().Set("Access-Control-Allow-Private-Network", "true")
	}
	return q.w.empty(http.StatusOK)
}

// allow adds to the answer what a rule lets a page of that origin, or "*", do with it, and send.
func (w *response) allow(rule *corsRule, origin string, headers []string) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Methods", strings.Join(rule.AllowedMethod, ", "))
	header.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
	if origin != "*" {
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(headers) > 0 {
		header.Set("Access-Control-Allow-Headers", strings.ToLower(strings.Join(headers, ", ")))
	}
	if len(rule.ExposeHeader) > 0 {
		header.Set("Access-Control-Expose-Headers", strings.Join(rule.ExposeHeader, ", "))
	}
	if rule.MaxAgeSeconds != nil {
		header.Set("Access-Control-Max-Age", strconv.Itoa(*rule.MaxAgeSeconds))
	}
}
