package s3

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"pfsd/pfs"
)

// corsSetting is the name under which a branch keeps the CORS rules of its bucket.
const corsSetting = "s3.cors"

// corsRule says what web pages of some origins may do with a bucket. See
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html.
type corsRule struct {
	ID            string   `xml:",omitempty" json:"id,omitempty"`
	AllowedHeader []string `json:"headers,omitempty"`
	AllowedMethod []string `json:"methods"`
	AllowedOrigin []string `json:"origins"`
	ExposeHeader  []string `json:"expose,omitempty"`
	MaxAgeSeconds *int     `xml:",omitempty" json:"maxAge,omitempty"`
}

// settingStore keeps settings with branches.
type settingStore interface {
	Branch(ctx context.Context, ref pfs.Ref) (pfs.Branch, error)
	SetBranchSetting(ctx context.Context, ref pfs.Ref, name, value string) error
}

var _ settingStore = (*pfs.Store)(nil)

// corsRules returns the rules of a bucket: those of its branch, also for a commit in that branch. What is no bucket has none.
func (h *Handler) corsRules(ctx context.Context, bucket string) []corsRule {
	ref, err := parseBucket(bucket)
	if err != nil {
		return nil
	}
	branch, err := h.store.Branch(ctx, pfs.BranchRef(ref.Repo, ref.Name))
	if err != nil {
		return nil
	}
	var rules []corsRule
	if json.Unmarshal([]byte(branch.Settings[corsSetting]), &rules) != nil {
		return nil
	}
	return rules
}

// crossing is a request of a web page of another origin, or what such a page asks to be allowed.
type crossing struct {
	origin, method string
	// headers are those that the page wants to send.
	headers []string
}

// allowing returns the first rule that allows c, and as what it names the origin: itself, or "*" for all.
func (c crossing) allowing(rules []corsRule) (rule *corsRule, origin string) {
	for i := range rules {
		rule := &rules[i]
		if !slices.Contains(rule.AllowedMethod, c.method) || !rule.allowsHeaders(c.headers) {
			continue
		}
		for _, pattern := range rule.AllowedOrigin {
			switch {
			case pattern == "*":
				return rule, "*"
			case matchesPattern(pattern, c.origin):
				return rule, c.origin
			}
		}
	}
	return nil, ""
}

func (r *corsRule) allowsHeaders(headers []string) bool {
	for _, header := range headers {
		if !slices.ContainsFunc(r.AllowedHeader, func(pattern string) bool {
			return matchesPattern(strings.ToLower(pattern), strings.ToLower(header))
		}) {
			return false
		}
	}
	return true
}

// matchesPattern reports whether s is what pattern, which may have one "*", stands for.
func matchesPattern(pattern, s string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return s == pattern
	}
	return len(s) >= len(before)+len(after) && strings.HasPrefix(s, before) && strings.HasSuffix(s, after)
}
