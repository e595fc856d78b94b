package s3

import (
	"strings"
	"testing"
)

// TestIsModest has XML whose tags end elsewhere than at the first ">".
func TestIsModest(t *testing.T) {
	many := strings.Repeat("<a/>", maxMarkup)
	for _, tc := range []struct {
		name, data string
		want       bool
	}{
		{"a request", `<?xml version="1.0"?><Tagging xmlns="http://s3.amazonaws.com/doc/"><TagSet/></Tagging>`, true},
		{"a comment", "<!-- it's > and longer than a tag" + strings.Repeat(" ", maxTag) + "--><a/>", true},
		{"text", "<a><![CDATA[<\"]]>'</a>", true},
		{"unclosed", "<a", true},
		{"an unclosed comment", "<a><!-- <b>", true},
		{"the longest tag", "<a" + strings.Repeat(" ", maxTag-3) + ">", true},
		{"a tag too long", "<a" + strings.Repeat(" ", maxTag-2) + ">", false},
		{"attributes behind a quoted end", `<a b=">"` + strings.Repeat(` c=""`, maxTag/5) + "/>", false},
		{"attributes behind an end in other quotes", `<a b='">"'` + strings.Repeat(` c=""`, maxTag/5) + "/>", false},
		{"too many tags", many + "<a/>", false},
		{"too many tags behind a quote", `<a b="'"/>` + many, false},
		{"too many tags behind a comment", "<!-- ' -->" + many, false},
		{"too many tags behind an instruction", `<?x " ?>` + many, false},
		{"too many tags behind text", `<a>'<![CDATA["]]>` + many, false},
		{"a document type", "<!DOCTYPE a><a/>", false},
		{"a document type that hides a quote", "<!DOCTYPE a [ <!-- ' --> ]><a/>", false},
	} {
		if got := isModest([]byte(tc.data)); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
