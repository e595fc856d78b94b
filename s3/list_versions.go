package s3

import (
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
	deleted, latest bool
	key, id, etag   string
	modified        time.Time
	algorithms      []string
	checksumType    string
	size            int64
}

// append appends the version to m.
func (v *listedVersion) append(m *markup) {
	name := "Version"
	if v.deleted {
		name = "DeleteMarker"
	}
	m.open(name)
	m.text("Key", v.key)
	m.text("VersionId", v.id)
	m.flag("IsLatest", v.latest)
	m.time("LastModified", v.modified)
	if !v.deleted {
		m.etag(v.etag)
		for _, algorithm := range v.algorithms {
			m.text("ChecksumAlgorithm", algorithm)
		}
		m.optional("ChecksumType", v.checksumType)
		m.number("Size", v.size)
		m.text("StorageClass", storageClass)
	}
	m.owner()
	m.end(name)
}

// versionsResult is the answer of ListObjectVersions. Versions and delete markers come in one order.
type versionsResult struct {
	XMLName             struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name                string
	Prefix              *keyText
	KeyMarker           *keyText
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       *keyText
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	Delimiter           string `xml:",omitempty"`
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	Versions            []byte `xml:",innerxml"` // markup
	CommonPrefixes      []listedPrefix
}

// listObjectVersions lists the versions of all keys from the commit history: by key, newest first. A directory without
// anything in it has one version, the present one.
func (h *Handler) listObjectVersions(q *request) error {
	if err := h.admitAnswer(q); err != nil {
		return err
	}
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
		Name: q.bucket, Prefix: anyText(encode(l.prefix)), KeyMarker: anyText(encode(l.after)), VersionIDMarker: q.query.Get("version-id-marker"),
		MaxKeys: l.limit, Delimiter: encode(l.delimiter()), EncodingType: q.query.Get("encoding-type"), IsTruncated: p.more,
	}
	for i := range p.items {
		item := &p.items[i]
		if item.common {
			answer.CommonPrefixes = append(answer.CommonPrefixes, listedPrefix{textOf(encode(item.key))})
			continue
		}
		shown, err := h.listVersion(q, item, snapshot.Version(), encode)
		if err != nil {
			return err
		}
		shown.append((*markup)(&answer.Versions))
	}
	if last := len(p.items) - 1; p.more && last >= 0 {
		answer.NextKeyMarker, answer.NextVersionIDMarker = textOf(encode(p.items[last].key)), p.items[last].id
	}
	return q.w.xml(http.StatusOK, answer)
}

// versionMark returns behind which version the page begins that q asks for.
func versionMark(q *request) (pfs.VersionMark, error) {
	key, version := q.query.Get("key-marker"), q.query.Get("version-id-marker")
	switch {
	case version != "" && key == "":
		return pfs.VersionMark{}, failArgument("version-id-marker", version, "A version-id marker cannot be specified without a key marker.")
	case version == "", strings.HasSuffix(key, "/"):
		// It is empty behind a common prefix, and a directory has one version only.
		return pfs.VersionMark{Path: key}, nil
	case version == nullVersion:
		return pfs.VersionMark{Path: key, Pending: true}, nil
	}
	id, err := pfs.ParseCommitID(version)
	if err != nil || id.IsZero() {
		return pfs.VersionMark{}, failArgument("version-id-marker", version, "Invalid version id specified")
	}
	return pfs.VersionMark{Path: key, Commit: id}, nil
}

// listVersion returns an item as the listing shows it.
func (h *Handler) listVersion(
	q *request, item *versionItem, v pfs.Version, encode func(string) string,
) (listedVersion, error) {
	shown := listedVersion{key: encode(item.key), id: item.id}
	if item.file == nil {
		err := h.showDirectory(q, &shown, item, v)
		return shown, err
	}
	file := item.file
	shown.latest, shown.deleted, shown.modified = file.Latest, file.Removed, file.Time
	if !file.Removed {
		if h.cfg.LastModified == LastModifiedObject {
			shown.modified = time.Unix(0, file.Ctime)
		}
		shown.etag, shown.size = h.styled(file.ETag, &pfs.Meta{User: file.User}), file.Size
		shown.setChecksums(file)
	}
	shown.modified = h.past(shown.modified)
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
	shown.latest, shown.etag = true, h.etag(item.dir)
	shown.modified = h.lastModified(item.dir, pfs.Version{Time: made})
	return nil
}

// setChecksums names the checksums that a version has.
func (l *listedVersion) setChecksums(file *pfs.FileVersion) {
	for _, a := range checksum.Algorithms() {
		if !slices.Contains(file.Checksums, a.Key()) {
			continue
		}
		l.algorithms = append(l.algorithms, a.String())
		l.checksumType = string(checksum.FullObject)
		if file.Composite {
			l.checksumType = string(checksum.Composite)
		}
	}
}
