// Package postpolicy reads and checks the policies by which the owner of a bucket lets web forms upload into it.
//
// A policy is JSON in base64: when it ends, and conditions on the fields of the form. See
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html. Signatures are not looked at here.
package postpolicy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Policy is a policy that has been read. It does not change.
type Policy struct {
	expiration time.Time
	conditions []condition
	// least and most are the bounds of the file's size, in bytes.
	least, most int64
}

// condition is one on a field: that it is, or begins with, a value.
type condition struct {
	field, value string
	prefix       bool
}

func (c condition) holds(value string) bool {
	if c.prefix {
		return strings.HasPrefix(value, c.value)
	}
	return value == c.value
}

func (c condition) String() string {
	operator := "eq"
	if c.prefix {
		operator = "starts-with"
	}
	return fmt.Sprintf("[%q, %q, %q]", operator, "$"+c.field, c.value)
}

// InvalidError is the error of a policy that cannot be read; its text is for the client.
type InvalidError string

// Error says what is wrong with the policy.
func (e InvalidError) Error() string { return "Invalid Policy: " + string(e) }

// DeniedError is the error of a form that its policy does not allow; its text is for the client.
type DeniedError string

// Error says what the policy does not allow.
func (e DeniedError) Error() string { return "Invalid according to Policy: " + string(e) }

// Parse reads a policy as the field of a form has it. The error is an InvalidError.
func Parse(encoded string) (*Policy, error) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, InvalidError("Invalid base64 encoding.")
	}
	// A map, since a struct would take the names in any case.
	var document map[string]json.RawMessage
	if json.Unmarshal(data, &document) != nil {
		return nil, InvalidError("Invalid JSON.")
	}
	var expiration string
	if json.Unmarshal(document["expiration"], &expiration) != nil {
		return nil, InvalidError("Policy missing expiration.")
	}
	var conditions []json.RawMessage
	if json.Unmarshal(document["conditions"], &conditions) != nil || conditions == nil {
		return nil, InvalidError("Policy missing conditions.")
	}
	p := &Policy{most: math.MaxInt64}
	if p.expiration, err = time.Parse(time.RFC3339, expiration); err != nil {
		return nil, InvalidError("Invalid 'expiration' value: '" + expiration + "'")
	}
	for _, raw := range conditions {
		if err := p.add(raw); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add reads one condition: an object of fields and values, or a list that begins with an operator.
func (p *Policy) add(raw json.RawMessage) error {
	var fields map[string]string
	if json.Unmarshal(raw, &fields) == nil && fields != nil {
		if len(fields) == 0 {
			return InvalidError("Invalid condition: it is empty.")
		}
		for field, value := range fields {
			p.conditions = append(p.conditions, condition{field: strings.ToLower(field), value: value})
		}
		return nil
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil || len(list) != 3 {
		return InvalidError("Invalid condition: a condition is an object, or a list of three.")
	}
	operator, _ := list[0].(string)
	if strings.EqualFold(operator, "content-length-range") {
		return p.limit(list[1], list[2])
	}
	field, isName := list[1].(string)
	value, isText := list[2].(string)
	name, found := strings.CutPrefix(field, "$")
	if !isName || !isText || !found {
		return InvalidError("Invalid condition: a field is named $FIELD, and its value is a string.")
	}
	c := condition{field: strings.ToLower(name), value: value, prefix: strings.EqualFold(operator, "starts-with")}
	if !c.prefix && !strings.EqualFold(operator, "eq") {
		return InvalidError("Invalid condition: the operator is none of eq, starts-with, content-length-range.")
	}
	p.conditions = append(p.conditions, c)
	return nil
}

// limit takes in a content-length-range.
func (p *Policy) limit(least, most any) error {
	low, ok := number(least)
	high, ok2 := number(most)
	if !ok || !ok2 {
		return InvalidError("Invalid content-length-range: it takes two numbers of bytes.")
	}
	p.least, p.most = max(p.least, low), min(p.most, high)
	return nil
}

// number returns a number of bytes; some write it as a string.
func number(v any) (int64, bool) {
	var n json.Number
	switch v := v.(type) {
	case float64:
		if v < 0 || v > 1<<53 || v != math.Trunc(v) {
			return 0, false
		}
		return int64(v), true
	case string:
		n = json.Number(v)
	}
	i, err := n.Int64()
	return i, err == nil && i >= 0
}

// Size returns the least and the most bytes that the file may have.
func (p *Policy) Size() (least, most int64) { return p.least, p.most }

// exempt are the fields that need no condition, in lower case, and exemptPrefixes what the names of others begin with: to
// send a checksum can only have the file refused.
var (
	exempt         = []string{"awsaccesskeyid", "signature", "x-amz-signature", "policy", "file"}
	exemptPrefixes = []string{"x-ignore-", "x-amz-checksum-"}
)

// isExempt reports whether a field needs no condition.
func isExempt(field string) bool {
	return slices.Contains(exempt, field) || slices.ContainsFunc(exemptPrefixes, func(prefix string) bool {
		return strings.HasPrefix(field, prefix)
	})
}

// Check returns nil when the policy allows, at now, a form with these fields, by lower-case name; the bucket is one of them,
// lest a policy that names none be good for all. The error is a DeniedError.
func (p *Policy) Check(fields map[string]string, now time.Time) error {
	if now.After(p.expiration) {
		return DeniedError("Policy expired.")
	}
	covered := map[string]bool{}
	for _, c := range p.conditions {
		covered[c.field] = true
		if !c.holds(fields[c.field]) {
			return DeniedError("Policy Condition failed: " + c.String())
		}
	}
	var extra []string
	for field := range fields {
		if !covered[field] && !isExempt(field) {
			extra = append(extra, field)
		}
	}
	if len(extra) > 0 {
		slices.Sort(extra)
		return DeniedError("Extra input fields: " + strings.Join(extra, ", "))
	}
	return nil
}
