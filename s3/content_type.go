package s3

import (
	"path"
	"strings"

	"pfsd/pfs"
)

// types are the content types of files that were not written through S3, by extension. It does not depend on what the
// machine has in its tables, so that an object has the same type everywhere.
var types = map[string]string{
	".avif": "image/avif", ".bmp": "image/bmp", ".bz2": "application/x-bzip2", ".css": "text/css; charset=utf-8",
	".csv": "text/csv; charset=utf-8", ".gif": "image/gif", ".gz": "application/gzip", ".htm": "text/html; charset=utf-8",
	".html": "text/html; charset=utf-8", ".ico": "image/x-icon", ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
	".js": "text/javascript; charset=utf-8", ".json": "application/json", ".jsonl": "application/jsonl",
	".md": "text/markdown; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".mov": "video/quicktime",
	".mp3": "audio/mpeg", ".mp4": "video/mp4", ".oga": "audio/ogg", ".ogg": "audio/ogg", ".parquet": "application/vnd.apache.parquet",
	".pdf": "application/pdf", ".png": "image/png", ".svg": "image/svg+xml", ".tar": "application/x-tar", ".tif": "image/tiff",
	".tiff": "image/tiff", ".toml": "application/toml", ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm",
	".wav": "audio/wav", ".webm": "video/webm", ".webp": "image/webp", ".xml": "application/xml", ".xz": "application/x-xz",
	".yaml": "application/yaml", ".yml": "application/yaml", ".zip": "application/zip", ".zst": "application/zstd",
}

// contentType returns the content type of e: what its writer said, or what its name says.
func contentType(e *pfs.Entry) string {
	if e.Kind == pfs.EntryDir {
		return "application/x-directory"
	}
	if e.Meta != nil && e.Meta.ContentType != "" {
		return e.Meta.ContentType
	}
	if t, ok := types[strings.ToLower(path.Ext(e.Name))]; ok {
		return t
	}
	return "application/octet-stream"
}
