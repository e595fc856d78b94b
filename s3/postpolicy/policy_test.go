package postpolicy_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"pfsd/s3/postpolicy"
)

func encode(policy string) string { return base64.StdEncoding.EncodeToString([]byte(policy)) }

var now = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

const until = `"expiration": "2020-01-02T04:00:00.000Z"`

func TestCheck(t *testing.T) {
	policy, err := postpolicy.Parse(encode(`{` + until + `, "conditions": [{"bucket": "b"}, {"ACL": "private"},
		["eq", "$success_action_status", "201"], ["Starts-With", "$Key", "user/"], ["starts-with", "$x-amz-meta-any", ""],
		["content-length-range", 1, "100"]]}`))
	if err != nil {
		t.Fatal(err)
	}
	if least, most := policy.Size(); least != 1 || most != 100 {
		t.Errorf("size %d to %d", least, most)
	}
	good := map[string]string{"bucket": "b", "acl": "private", "success_action_status": "201", "key": "user/x",
		"policy": "...", "x-amz-signature": "...", "x-ignore-this": "1", "file": ""}
	for _, tc := range []struct {
		name, field, value string
		at                 time.Time
		denied             bool
	}{
		{"as it is", "key", "user/x", now, false},
		{"any value", "x-amz-meta-any", "anything", now, false},
		{"a checksum", "x-amz-checksum-sha256", "x", now, false},
		{"at the last moment", "key", "user/y", now.Add(55*time.Minute + 55*time.Second), false},
		{"expired", "key", "user/y", now.Add(time.Hour), true},
		{"another bucket", "bucket", "c", now, true},
		{"another value", "acl", "public-read", now, true},
		{"another beginning", "key", "users/x", now, true},
		{"a field without a condition", "x-amz-meta-other", "1", now, true},
	} {
		fields := map[string]string{}
		for name, value := range good {
			fields[name] = value
		}
		fields[tc.field] = tc.value
		err := policy.Check(fields, tc.at)
		var denied postpolicy.DeniedError
		if errors.As(err, &denied) != tc.denied || !tc.denied && err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	delete(good, "key")
	if policy.Check(good, now) == nil {
		t.Error("a form without a field of a condition was allowed")
	}
}

// A policy that says nothing of the bucket is good for none.
func TestCheckWithoutBucket(t *testing.T) {
	policy, err := postpolicy.Parse(encode(`{` + until + `, "conditions": [["starts-with", "$key", ""]]}`))
	if err != nil {
		t.Fatal(err)
	}
	var denied postpolicy.DeniedError
	if err := policy.Check(map[string]string{"bucket": "b", "key": "k"}, now); !errors.As(err, &denied) {
		t.Errorf("%v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, policy := range map[string]string{
		"not base64":         "{}",
		"not JSON":           encode("x"),
		"a list":             encode("[]"),
		"no expiration":      encode(`{"conditions": []}`),
		"bad expiration":     encode(`{"expiration": "tomorrow", "conditions": []}`),
		"no conditions":      encode(`{` + until + `}`),
		"names in capitals":  encode(`{` + until + `, "CONDITIONS": []}`),
		"empty condition":    encode(`{` + until + `, "conditions": [{}]}`),
		"number for a value": encode(`{` + until + `, "conditions": [{"key": 1}]}`),
		"unknown operator":   encode(`{` + until + `, "conditions": [["is", "$key", "x"]]}`),
		"no dollar":          encode(`{` + until + `, "conditions": [["eq", "key", "x"]]}`),
		"short list":         encode(`{` + until + `, "conditions": [["content-length-range", 1]]}`),
		"bad range":          encode(`{` + until + `, "conditions": [["content-length-range", -1, 1]]}`),
		"fraction":           encode(`{` + until + `, "conditions": [["content-length-range", 0.5, 1]]}`),
		"word for a number":  encode(`{` + until + `, "conditions": [["content-length-range", "a", 1]]}`),
		"null":               encode(`{` + until + `, "conditions": [null]}`),
	} {
		_, err := postpolicy.Parse(policy)
		var invalid postpolicy.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParse checks that any policy is read or refused, and that none lets a field by that it does not name.
func FuzzParse(f *testing.F) {
	f.Add(`{`+until+`, "conditions": [{"bucket": "b"}, ["starts-with", "$key", ""], ["content-length-range", 1, 2]]}`, "key", "x")
	f.Add(`{`+until+`, "conditions": []}`, "x-amz-meta-a", "")
	f.Fuzz(func(t *testing.T, document, field, value string) {
		policy, err := postpolicy.Parse(encode(document))
		if err != nil {
			return
		}
		if least, most := policy.Size(); least < 0 || most < 0 {
			t.Errorf("size %d to %d", least, most)
		}
		if !strings.Contains(document, "unknown") && policy.Check(map[string]string{"unknown " + field: value}, now) == nil {
			t.Errorf("%q lets %q by", document, field)
		}
	})
}
