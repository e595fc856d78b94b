package s3

import (
	"encoding/xml"
	"net/http"
)

// fixedOperations are the settings that clients ask for before they work, and that are the same for every bucket.
func fixedOperations() []operation {
	var table []operation
	version := map[scope][]string{objectScope: {"versionId"}}
	missing := func(scope scope, name, subresource string, c code) {
		table = append(table, operation{name: name, method: http.MethodGet, scope: scope, query: []string{subresource},
			also: version[scope],
			do:   func(h *Handler, q *request) error { return h.missingSetting(q, scope, c) }})
	}
	missing(bucketScope, "GetBucketPolicy", "policy", codeNoSuchBucketPolicy)
	missing(bucketScope, "GetBucketLifecycleConfiguration", "lifecycle", codeNoSuchLifecycle)
	missing(bucketScope, "GetObjectLockConfiguration", "object-lock", codeNoSuchObjectLock)
	missing(bucketScope, "GetBucketOwnershipControls", "ownershipControls", codeNoSuchOwnership)
	missing(bucketScope, "GetPublicAccessBlock", "publicAccessBlock", codeNoSuchPublicAccess)
	missing(bucketScope, "GetBucketReplication", "replication", codeNoSuchReplication)
	missing(bucketScope, "GetBucketWebsite", "website", codeNoSuchWebsite)
	missing(objectScope, "GetObjectRetention", "retention", codeNoSuchObjectLockObject)
	missing(objectScope, "GetObjectLegalHold", "legal-hold", codeNoSuchObjectLockObject)
	fixed := func(scope scope, name, subresource string, answer any) {
		table = append(table, operation{name: name, method: http.MethodGet, scope: scope, query: []string{subresource},
			also: version[scope],
			do:   func(h *Handler, q *request) error { return h.fixedSetting(q, scope, answer) }})
	}
	fixed(bucketScope, "GetBucketAcl", "acl", fullControl())
	fixed(objectScope, "GetObjectAcl", "acl", fullControl())
	fixed(bucketScope, "GetBucketPolicyStatus", "policyStatus", setting{
		XMLName: elementName("PolicyStatus"), IsPublic: "FALSE"})
	fixed(bucketScope, "GetBucketRequestPayment", "requestPayment", setting{
		XMLName: elementName("RequestPaymentConfiguration"), Payer: "BucketOwner"})
	fixed(bucketScope, "GetBucketAccelerateConfiguration", "accelerate", setting{XMLName: elementName("AccelerateConfiguration")})
	fixed(bucketScope, "GetBucketNotificationConfiguration", "notification",
		setting{XMLName: elementName("NotificationConfiguration")})
	fixed(bucketScope, "GetBucketLogging", "logging", setting{XMLName: elementName("BucketLoggingStatus")})
	for scope, name := range map[scope]string{bucketScope: "PutBucketAcl", objectScope: "PutObjectAcl"} {
		table = append(table, operation{name: name, method: http.MethodPut, scope: scope, query: []string{"acl"},
			also: version[scope], do: func(h *Handler, q *request) error { return h.putACL(q, scope) }})
	}
	return table
}

// setting is a setting of few words.
type setting struct {
	XMLName  xml.Name
	IsPublic string `xml:",omitempty"`
	Payer    string `xml:",omitempty"`
}

// present returns nil when the bucket, or object, of q is there.
func (h *Handler) present(q *request, scope scope) error {
	if scope == objectScope {
		version, err := q.version()
		if err != nil {
			return err
		}
		o, err := h.object(q.Context(), q.bucket, q.key, version)
		if err == nil {
			q.w.setVersionID(versionID(&o.entry, o.version))
		}
		return err
	}
	_, err := h.view(q.Context(), q.bucket, "")
	return err
}

func (h *Handler) missingSetting(q *request, scope scope, c code) error {
	if err := h.present(q, scope); err != nil {
		return err
	}
	return fail(c)
}

func (h *Handler) fixedSetting(q *request, scope scope, answer any) error {
	if err := h.present(q, scope); err != nil {
		return err
	}
	return q.w.xml(http.StatusOK, answer)
}
