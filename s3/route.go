package s3

import (
	"net/http"
	"slices"
	"strings"

	"github.com/julienschmidt/httprouter"
)

// scope is what the path of a request names.
type scope uint8

const (
	serviceScope scope = iota
	bucketScope
	objectScope
)

// operation is one row of the table of what can be asked for.
type operation struct {
	name   string
	method string
	scope  scope
	// query are the sub-resources that must be in the query, and also those that may be.
	query, also []string
	// header must be in the request, if it is not empty.
	header string
	do     func(*Handler, *request) error
}

// operations is that table. Of several rows that fit, the first is taken.
func operations() []operation {
	none := []string(nil)
	version, part, uploadID := []string{"versionId"}, []string{"partNumber", "uploadId"}, []string{"uploadId"}
	copying := "X-Amz-Copy-Source"
	table := []operation{
		{"ListBuckets", http.MethodGet, serviceScope, none, none, "", (*Handler).listBuckets},

		{"CreateBucket", http.MethodPut, bucketScope, none, none, "", (*Handler).createBucket},
		{"HeadBucket", http.MethodHead, bucketScope, none, none, "", (*Handler).headBucket},
		{"DeleteBucket", http.MethodDelete, bucketScope, none, none, "", (*Handler).deleteBucket},
		{"ListObjects", http.MethodGet, bucketScope, none, none, "", (*Handler).listObjects},
		{"ListObjectsV2", http.MethodGet, bucketScope, []string{"list-type"}, none, "", (*Handler).listObjectsV2},
		{"GetBucketLocation", http.MethodGet, bucketScope, []string{"location"}, none, "", (*Handler).getBucketLocation},
		{"GetBucketVersioning", http.MethodGet, bucketScope, []string{"versioning"}, none, "", (*Handler).getBucketVersioning},
		{"PutBucketVersioning", http.MethodPut, bucketScope, []string{"versioning"}, none, "", (*Handler).putBucketVersioning},
		{"GetBucketCors", http.MethodGet, bucketScope, []string{"cors"}, none, "", (*Handler).getBucketCORS},
		{"PutBucketCors", http.MethodPut, bucketScope, []string{"cors"}, none, "", (*Handler).putBucketCORS},
		{"DeleteBucketCors", http.MethodDelete, bucketScope, []string{"cors"}, none, "", (*Handler).deleteBucketCORS},
		{"GetBucketEncryption", http.MethodGet, bucketScope, []string{"encryption"}, none, "", (*Handler).getBucketEncryption},
		{"GetBucketTagging", http.MethodGet, bucketScope, []string{"tagging"}, none, "", (*Handler).getBucketTagging},
		{"PutBucketTagging", http.MethodPut, bucketScope, []string{"tagging"}, none, "", (*Handler).putBucketTagging},
		{"DeleteBucketTagging", http.MethodDelete, bucketScope, []string{"tagging"}, none, "", (*Handler).deleteBucketTagging},
		{"ListObjectVersions", http.MethodGet, bucketScope, []string{"versions"}, none, "", (*Handler).listObjectVersions},
		{"PostObject", http.MethodPost, bucketScope, none, none, "", (*Handler).postObject},
		{"DeleteObjects", http.MethodPost, bucketScope, []string{"delete"}, none, "", (*Handler).deleteObjects},
		{"ListMultipartUploads", http.MethodGet, bucketScope, []string{"uploads"}, none, "", (*Handler).listUploads},

		{"GetObject", http.MethodGet, objectScope, none, []string{"versionId", "partNumber"}, "", (*Handler).getObject},
		{"HeadObject", http.MethodHead, objectScope, none, []string{"versionId", "partNumber"}, "", (*Handler).getObject},
		{"CopyObject", http.MethodPut, objectScope, none, none, copying, (*Handler).copyObject},
		{"PutObject", http.MethodPut, objectScope, none, none, "", (*Handler).putObject},
		{"DeleteObject", http.MethodDelete, objectScope, none, version, "", (*Handler).deleteObject},
		{"GetObjectTagging", http.MethodGet, objectScope, []string{"tagging"}, version, "", (*Handler).getObjectTagging},
		{"PutObjectTagging", http.MethodPut, objectScope, []string{"tagging"}, version, "", (*Handler).putObjectTagging},
		{"DeleteObjectTagging", http.MethodDelete, objectScope, []string{"tagging"}, version, "", (*Handler).deleteObjectTagging},
		{"GetObjectAttributes", http.MethodGet, objectScope, []string{"attributes"}, version, "", (*Handler).getObjectAttributes},
		{"CreateMultipartUpload", http.MethodPost, objectScope, []string{"uploads"}, none, "", (*Handler).createUpload},
		{"CreateMultipartUpload", http.MethodPost, bucketScope, []string{"uploads"}, none, "", (*Handler).createUploadWithoutKey},
	}
	// An upload's id alone finds it: the key may be missing.
	for _, scope := range []scope{objectScope, bucketScope} {
		table = append(table,
			operation{"UploadPartCopy", http.MethodPut, scope, part, none, copying, (*Handler).copyPart},
			operation{"UploadPart", http.MethodPut, scope, part, none, "", (*Handler).uploadPart},
			operation{"CompleteMultipartUpload", http.MethodPost, scope, uploadID, none, "", (*Handler).completeUpload},
			operation{"AbortMultipartUpload", http.MethodDelete, scope, uploadID, none, "", (*Handler).abortUpload},
			operation{"ListParts", http.MethodGet, scope, uploadID, none, "", (*Handler).listParts})
	}
	return append(table, fixedOperations()...)
}

// parameters are the query parameters that name no sub-resource, in lower case.
var parameters = map[string]bool{
	"allow-unordered": true, "awsaccesskeyid": true, "bucket-region": true, "continuation-token": true, "delimiter": true,
	"encoding-type": true, "expires": true, "fetch-owner": true, "key-marker": true, "marker": true, "max-buckets": true,
	"max-keys": true, "max-parts": true, "max-uploads": true, "part-number-marker": true, "prefix": true, "signature": true,
	"start-after": true, "upload-id-marker": true, "version-id-marker": true, "x-id": true,
}

// subresources are those that S3 has. One with an empty value that is not here is taken for one that we do not know yet.
var subresources = map[string]bool{
	"accelerate": true, "acl": true, "analytics": true, "append": true, "attributes": true, "cors": true, "delete": true,
	"encryption": true, "intelligent-tiering": true, "inventory": true, "legal-hold": true, "lifecycle": true, "list-type": true,
	"location": true, "logging": true, "metadataConfiguration": true, "metadataTable": true, "metrics": true,
	"notification": true, "object-lock": true, "ownershipControls": true, "partNumber": true, "policy": true,
	"policyStatus": true, "publicAccessBlock": true, "renameObject": true, "replication": true, "requestPayment": true,
	"restore": true, "retention": true, "select": true, "select-type": true, "session": true, "tagging": true, "torrent": true,
	"uploadId": true, "uploads": true, "versionId": true, "versioning": true, "versions": true, "website": true,
}

// subresourcesOf returns the sub-resources in the query of q.
func subresourcesOf(q *request) []string {
	var present []string
	for name, values := range q.query {
		lower := strings.ToLower(name)
		plain := parameters[lower] || strings.HasPrefix(lower, "x-amz-") || strings.HasPrefix(lower, "response-")
		if subresources[name] || !plain && values[0] == "" {
			present = append(present, name)
		}
	}
	return present
}

// fits reports whether q, which has these sub-resources, asks for o.
func (o *operation) fits(q *request, present []string) bool {
	for _, name := range o.query {
		if !slices.Contains(present, name) {
			return false
		}
	}
	for _, name := range present {
		if !slices.Contains(o.query, name) && !slices.Contains(o.also, name) {
			return false
		}
	}
	// One that is empty is there, too: a copy of nothing is not a PUT without a body.
	return o.header == "" || len(q.Header.Values(o.header)) > 0
}

// routes returns the router of all operations. It answers nothing by itself.
func (h *Handler) routes() *httprouter.Router {
	router := &httprouter.Router{}
	table := operations()
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodOptions,
	} {
		router.Handle(method, "/", h.dispatch(table, serviceScope))
		router.Handle(method, "/:bucket", h.dispatch(table, bucketScope))
		router.Handle(method, "/:bucket/*key", h.dispatch(table, objectScope))
	}
	return router
}

// dispatch returns a handle that runs the operation of that scope which a request asks for, and leaves its error there.
func (h *Handler) dispatch(table []operation, at scope) httprouter.Handle {
	return func(w http.ResponseWriter, _ *http.Request, params httprouter.Params) {
		q := w.(*response).request
		q.bucket, q.key = params.ByName("bucket"), strings.TrimPrefix(params.ByName("key"), "/")
		scope := at
		if scope == objectScope && q.key == "" {
			scope = bucketScope
		}
		q.err = h.run(q, table, scope)
	}
}

func (h *Handler) run(q *request, table []operation, scope scope) error {
	if q.Method == http.MethodOptions {
		q.operation = "Preflight"
		return h.preflight(q)
	}
	if err := h.cross(q); err != nil {
		return err
	}
	if err := h.authenticate(q); err != nil {
		return err
	}
	q.lower()
	if err := q.expectOwner(); err != nil {
		return err
	}
	present := subresourcesOf(q)
	for i := range table {
		if o := &table[i]; o.scope == scope && o.method == q.Method && o.fits(q, present) {
			q.operation = o.name
			if err := h.encrypt(q); err != nil {
				return err
			}
			return o.do(h, q)
		}
	}
	if len(present) == 0 && q.Method != http.MethodPost {
		return failf(codeMethodNotAllowed, "The specified method is not allowed against this resource.")
	}
	return fail(codeNotImplemented)
}
