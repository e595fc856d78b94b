package s3

import "net/http"

// versioningConfiguration is what clients get and may put.
type versioningConfiguration struct {
	XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
	Status  string   `xml:",omitempty"`
}

// getBucketVersioning says that every bucket keeps all versions.
func (h *Handler) getBucketVersioning(q *request) error {
	if _, err := h.view(q.Context(), q.bucket, ""); err != nil {
		return err
	}
	return q.w.xml(http.StatusOK, versioningConfiguration{Status: "Enabled"})
}

// putBucketVersioning lets clients enable what is enabled always, and nothing else.
func (h *Handler) putBucketVersioning(q *request) error {
	if _, _, err := h.writable(q); err != nil {
		return err
	}
	var asked struct {
		XMLName struct{} `xml:"VersioningConfiguration"`
		Status  string
	}
	if _, err := h.readXML(q, &asked); err != nil {
		return err
	}
	switch asked.Status {
	case "Enabled":
		return q.w.empty(http.StatusOK)
	case "Suspended":
		return failf(codeNotImplemented, "Versioning cannot be suspended: every change is a commit, and every commit is kept.")
	}
	return fail(codeMalformedXML)
}
