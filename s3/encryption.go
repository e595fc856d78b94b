package s3

// encryptionHeader is where clients ask for encryption at rest, and are told of it.
const encryptionHeader = "X-Amz-Server-Side-Encryption"

// encryptionByServer is encryption by keys that the server keeps.
const encryptionByServer = "AES256"

// encrypted are the operations whose answers say how the object is encrypted at rest.
var encrypted = map[string]bool{
	"GetObject": true, "HeadObject": true, "PutObject": true, "PostObject": true, "CopyObject": true,
	"CreateMultipartUpload": true, "UploadPart": true, "UploadPartCopy": true, "CompleteMultipartUpload": true,
}

// encrypt answers what q asks for of encryption at rest: the disk of the store is encrypted, or nothing is. To take the wish
// and not to fulfil it would be to promise it.
func (h *Handler) encrypt(q *request) error {
	asked := q.Header.Get(encryptionHeader)
	if asked != "" && (!h.cfg.DiskEncrypted || asked != encryptionByServer) {
		return failWith(codeNotImplemented, "", "Header", "x-amz-server-side-encryption", "additionalMessage", "Only AES256 is "+
			"taken, by an endpoint that was told that the disk of its store is encrypted.")
	}
	if h.cfg.DiskEncrypted && encrypted[q.operation] {
		q.w.Header().Set(encryptionHeader, encryptionByServer)
	}
	return nil
}

// getBucketEncryption says how the objects of a bucket are encrypted at rest.
func (h *Handler) getBucketEncryption(q *request) error {
	if !h.cfg.DiskEncrypted {
		return h.missingSetting(q, bucketScope, codeNoSuchEncryption)
	}
	return h.fixedSetting(q, bucketScope, struct {
		XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ServerSideEncryptionConfiguration"`
		By      string   `xml:"Rule>ApplyServerSideEncryptionByDefault>SSEAlgorithm"`
	}{By: encryptionByServer})
}
