package s3

import (
	"net/http"
	"slices"
	"strings"
)

// accessControl is the ACL that everything has: its owner may do all, others nothing.
type accessControl struct {
	XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ AccessControlPolicy"`
	Owner   *owner
	Grant   []grant `xml:"AccessControlList>Grant"`
}

type grant struct {
	Grantee    grantee
	Permission string
}

type grantee struct {
	Schema string `xml:"xmlns:xsi,attr"`
	Type   string `xml:"xsi:type,attr"`
	owner
}

func fullControl() accessControl {
	return accessControl{Owner: theOwner(), Grant: []grant{{
		Grantee:    grantee{Schema: "http://www.w3.org/2001/XMLSchema-instance", Type: "CanonicalUser", owner: *theOwner()},
		Permission: "FULL_CONTROL",
	}}}
}

// privateACLs are the canned ACLs that change nothing.
var privateACLs = map[string]bool{"": true, "private": true, "bucket-owner-full-control": true, "bucket-owner-read": true}

// otherACLs are the canned ACLs that would change something.
var otherACLs = []string{"public-read", "public-read-write", "authenticated-read", "aws-exec-read", "log-delivery-write"}

// refuseACL refuses q when its headers ask for another ACL than everything has.
func (q *request) refuseACL() error {
	for name := range q.Header {
		if strings.HasPrefix(name, "X-Amz-Grant-") {
			return fail(codeAccessControlNotSupported)
		}
	}
	acl := q.Header.Get("X-Amz-Acl")
	switch {
	case privateACLs[acl]:
		return nil
	case slices.Contains(otherACLs, acl):
		return fail(codeAccessControlNotSupported)
	}
	return failArgument("x-amz-acl", acl, "")
}

// putACL takes an ACL that says what is so already, and refuses any other. Tools write ACLs back as they have read them.
func (h *Handler) putACL(q *request, scope scope) error {
	if err := h.present(q, scope); err != nil {
		return err
	}
	if err := q.refuseACL(); err != nil {
		return err
	}
	var asked struct {
		XMLName struct{} `xml:"AccessControlPolicy"`
		Owner   owner
		Grant   []struct {
			Grantee struct {
				ID  string
				URI string
			}
			Permission string
		} `xml:"AccessControlList>Grant"`
	}
	empty, err := h.readXML(q, &asked)
	if err != nil {
		return err
	}
	if empty && q.Header.Get("X-Amz-Acl") == "" {
		return failWith(codeMissingSecurityHeader, "", "MissingHeaderName", "x-amz-acl")
	}
	for _, grant := range asked.Grant {
		if grant.Grantee.ID != theOwner().ID || grant.Grantee.URI != "" || grant.Permission != "FULL_CONTROL" {
			return fail(codeAccessControlNotSupported)
		}
	}
	if !empty && (len(asked.Grant) == 0 || asked.Owner.ID != "" && asked.Owner.ID != theOwner().ID) {
		return fail(codeAccessControlNotSupported)
	}
	return q.w.empty(http.StatusOK)
}

// ownerAccount is the number of the account that owns everything, as x-amz-expected-bucket-owner wants it.
const ownerAccount = "000000000000"

// expectOwner refuses q when it is meant for buckets of another owner.
func (q *request) expectOwner() error {
	for _, name := range []string{"X-Amz-Expected-Bucket-Owner", "X-Amz-Source-Expected-Bucket-Owner"} {
		if value := q.Header.Get(name); value != "" && value != ownerAccount && value != theOwner().ID {
			return failf(codeAccessDenied, "Access Denied. The bucket is not owned by the account that "+strings.ToLower(name)+
				" names; all are owned by "+ownerAccount+".")
		}
	}
	return nil
}
