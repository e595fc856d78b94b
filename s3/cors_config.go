package s3

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"pfsd/pfs"
)

// Limits of a CORS configuration, as S3 has them.
const (
	maxCORSRules = 100
	maxCORSID    = 255
)

// putBucketCORS replaces the CORS rules of a bucket. They are the branch's, and no part of its history.
func (h *Handler) putBucketCORS(q *request) error {
	var asked struct {
		XMLName  struct{} `xml:"CORSConfiguration"`
		CORSRule []corsRule
	}
	empty, err := h.readXML(q, &asked)
	if err != nil {
		return err
	}
	if empty || len(asked.CORSRule) == 0 || len(asked.CORSRule) > maxCORSRules {
		return fail(codeMalformedXML)
	}
	for i := range asked.CORSRule {
		if err := asked.CORSRule[i].check(); err != nil {
			return err
		}
	}
	value, err := json.Marshal(asked.CORSRule)
	if err != nil {
		return err
	}
	return h.setCORS(q, string(value), http.StatusOK)
}

// check returns nil when r is a rule that S3 would take.
func (r *corsRule) check() error {
	if len(r.AllowedMethod) == 0 || len(r.AllowedOrigin) == 0 || utf8.RuneCountInString(r.ID) > maxCORSID ||
		r.MaxAgeSeconds != nil && *r.MaxAgeSeconds < 0 {
		return fail(codeMalformedXML)
	}
	for _, method := range r.AllowedMethod {
		if !slices.Contains([]string{"GET", "PUT", "HEAD", "POST", "DELETE"}, method) {
			return failf(codeInvalidRequest, "Found unsupported HTTP method in CORS config. Unsupported method is "+method)
		}
	}
	for name, patterns := range map[string][]string{"AllowedOrigin": r.AllowedOrigin, "AllowedHeader": r.AllowedHeader} {
		for _, pattern := range patterns {
			if strings.Count(pattern, "*") > 1 {
				return failf(codeInvalidRequest, name+` "`+pattern+`" can not have more than one wildcard.`)
			}
		}
	}
	for _, header := range r.ExposeHeader {
		if strings.Contains(header, "*") {
			return failf(codeInvalidRequest, `ExposeHeader "`+header+`" contains wildcard. We currently do not support `+
				"wildcard for ExposeHeader.")
		}
	}
	return nil
}

// deleteBucketCORS takes the CORS rules of a bucket away, if it has any.
func (h *Handler) deleteBucketCORS(q *request) error { return h.setCORS(q, "", http.StatusNoContent) }

// setCORS keeps rules, encoded, with the branch that q names. An open commit has those of its branch.
func (h *Handler) setCORS(q *request, value string, status int) error {
	ref, _, err := h.writable(q)
	if err != nil {
		return err
	}
	if !ref.IsBranch() {
		return failf(codeMethodNotAllowed, "The CORS rules of an open commit are those of its branch.")
	}
	err = h.store.SetBranchSetting(q.Context(), ref, corsSetting, value)
	if pfs.KindOf(err) == pfs.KindTooLarge {
		return &apiError{code: codeInvalidRequest, message: "The CORS configuration is too large.", cause: err}
	}
	if err != nil {
		return err
	}
	return q.w.empty(status)
}

// getBucketCORS answers the CORS rules of a bucket.
func (h *Handler) getBucketCORS(q *request) error {
	if _, err := h.view(q.Context(), q.bucket, ""); err != nil {
		return err
	}
	rules := h.corsRules(q.Context(), q.bucket)
	if len(rules) == 0 {
		return fail(codeNoSuchCORS)
	}
	return q.w.xml(http.StatusOK, struct {
		XMLName  struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CORSConfiguration"`
		CORSRule []corsRule
	}{CORSRule: rules})
}
