package s3

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// nullVersion is the version id of what has none yet, as S3 calls it.
const nullVersion = "null"

// listedVersion is a version or a delete marker in a listing.
type listedVersion struct {
	deleted           bool
	Key               string
	VersionID         string `xml:"VersionId"`
	IsLatest          bool
	LastModified      string
	ETag              string   `xml:",omitempty"`
	ChecksumAlgorithm []string `xml:",omitempty"`
	ChecksumType      string   `xml:",omitempty"`
	Size              *int64   `xml:",omitempty"`
	StorageClass      string   `xml:",omitempty"`
	Owner             *owner
}

// MarshalXML names the element. A field XMLName would take it out of the namespace of the elements around it.
func (v listedVersion) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	type fields listedVersion
	name := "Version"
	if v.deleted {
		name = "DeleteMarker"
	}
	return e.EncodeElement(fields(v), xml.StartElement{Name: xml.Name{Local: name}})
}

// versionsResult is the answer of ListObjectVersions. Versions and delete markers come in one order.
type versionsResult struct {
	XMLName             struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name                string
	Prefix              string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	Delimiter           string `xml:",omitempty"`
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	Versions            []listedVersion
	CommonPrefixes      []listedPrefix
}

// listObjectVersions lists the versions of all keys from the commit history: by key, newest first. A directory without
// anything in it has one version, the present one.
func (h *Handler) listObjectVersions(q *request) error {
	snapshot, err := h.view(q.Context(), q.bucket, "")
	if err != nil {
		return err
	}
	l, err := h.askedListing(q, q.query.Get("key-marker"))
	if err != nil {
		return err
	}
	mark, err := versionMark(q)
	if err != nil {
		return err
	}
	encode, err := encoder(q)
	if err != nil {
		return err
	}
	p := &versionPage{listing: l}
	if utf8.ValidString(l.prefix) && !strings.Contains(l.prefix, "\x00") {
		err = p.fill(q.Context(), snapshot, mark)
	}
	switch {
	case pfs.KindOf(err) == pfs.KindCommitNotFound:
		return &apiError{code: codeInvalidArgument, message: "Invalid version id specified", cause: err}
	case err != nil:
		return err
	}
	answer := versionsResult{
		Name: q.bucket, Prefix: encode(l.prefix), KeyMarker: encode(l.after), VersionIDMarker: q.query.Get("version-id-marker"),
		MaxKeys: l.limit, Delimiter: encode(l.delimiter()), EncodingType: q.query.Get("encoding-type"), IsTruncated: p.more,
	}
	for i := range p.items {
		item := &p.items[i]
		if item.common {
			answer.CommonPrefixes = append(answer.CommonPrefixes, listedPrefix{encode(item.key)})
			continue
		}
		shown, err := h.listVersion(q, item, snapshot.Version(), encode)
		if err != nil {
			return err
		}
		answer.Versions = append(answer.Versions, shown)
	}
	if last := len(p.items) - 1; p.more && last >= 0 {
		answer.NextKeyMarker, answer.NextVersionIDMarker = encode(p.items[last].key), p.items[last].id
	}
	return q.w.xml(http.StatusOK, answer)
}

// versionMark returns behind which version the page begins that q asks for.
func versionMark(q *request) (pfs.VersionMark, error) {
	key, version := q.query.Get("key-marker"), q.query.Get("version-id-marker")
	switch {
	case version != "" && key == "":
		return pfs.VersionMark{}, failf(codeInvalidArgument, "A version-id marker cannot be specified without a key marker.")
	case version == "", strings.HasSuffix(key, "/"):
		// It is empty behind a common prefix, and a directory has one version only.
		return pfs.VersionMark{Path: key}, nil
	case version == nullVersion:
		return pfs.VersionMark{Path: key, Pending: true}, nil
	}
	id, err := pfs.ParseCommitID(version)
	if err != nil || id.IsZero() {
		return pfs.VersionMark{}, failf(codeInvalidArgument, "Invalid version id specified")
	}
	return pfs.VersionMark{Path: key, Commit: id}, nil
}

// listVersion returns an item as the listing shows it.
func (h *Handler) listVersion(
	q *request, item *versionItem, v pfs.Version, encode func(string) string,
) (listedVersion, error) {
	shown := listedVersion{Key: encode(item.key), VersionID: item.id, Owner: theOwner()}
	if item.file == nil {
		err := h.showDirectory(q, &shown, item, v)
		return shown, err
	}
	file := item.file
	made := file.Time
	shown.IsLatest = file.Latest
	if file.Removed {
		shown.deleted = true
	} else {
		if h.cfg.LastModified == LastModifiedObject {
			made = time.Unix(0, file.Ctime)
		}
		shown.ETag, shown.Size = quote(h.styled(file.ETag, &pfs.Meta{User: file.User})), &file.Size
		shown.StorageClass = "STANDARD"
		shown.setChecksums(file)
	}
	shown.LastModified = xmlTime(made)
	return shown, nil
}

// showDirectory shows a directory, whose one version is the present one. The time is that of its commit.
func (h *Handler) showDirectory(q *request, shown *listedVersion, item *versionItem, v pfs.Version) error {
	made := v.Time
	if item.id != nullVersion {
		commit, err := h.store.Commit(q.Context(), pfs.Ref{Repo: v.Repo, Commit: item.dir.Changed.Commit})
		if err != nil {
			return err
		}
		made = commit.Time
	}
	size := int64(0)
	shown.IsLatest, shown.Size, shown.StorageClass = true, &size, "STANDARD"
	shown.ETag = quote(h.etag(item.dir))
	shown.LastModified = xmlTime(h.lastModified(item.dir, pfs.Version{Time: made}))
	return nil
}

// setChecksums names the checksums that a version has.
func (l *listedVersion) setChecksums(file *pfs.FileVersion) {
	for _, a := range checksum.Algorithms() {
		if !slices.Contains(file.Checksums, a.Key()) {
			continue
		}
		l.ChecksumAlgorithm = append(l.ChecksumAlgorithm, a.String())
		l.ChecksumType = string(checksum.FullObject)
		if file.Composite {
			l.ChecksumType = string(checksum.Composite)
		}
	}
}
