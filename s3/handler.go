package s3

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/julienschmidt/httprouter"

	"pfsd/pfs"
	"pfsd/s3/budget"
	"pfsd/s3/sigv4"
)

// LastModified says which time an object's LastModified is.
type LastModified uint8

// The choices.
const (
	// LastModifiedBranch is the time of the version shown: of the branch's last change, or of the commit.
	LastModifiedBranch LastModified = iota
	// LastModifiedObject is the time at which the object itself was changed.
	LastModifiedObject
)

// ETagStyle says how ETags are written.
type ETagStyle uint8

// The choices.
const (
	// ETagPlain is the BLAKE3-256 of the bytes in hex.
	ETagPlain ETagStyle = iota
	// ETagDash appends "-1" to it, the sign by which clients know that an ETag is not an MD5.
	ETagDash
)

// Config is how a Handler behaves.
type Config struct {
	// AccessKey and SecretKey are what every request must be signed with. Both empty: requests need no signature, but must
	// come to a loopback name or to Domain, and not from a web page.
	AccessKey, SecretKey string
	// Domain is the name under which BUCKET.Domain names a bucket; may be empty.
	Domain       string
	LastModified LastModified
	ETag         ETagStyle
	// DiskEncrypted is set when the disk of the store is known to be encrypted: clients that ask for encryption at rest by keys
	// of the server are then told that they have it, and refused otherwise.
	DiskEncrypted bool
	// Now is the clock. Required.
	Now func() time.Time
	// Rand is where request ids come from; safe for concurrent use. Required.
	Rand io.Reader
	// Stall is how long a client may take to send, or take, the next bytes before the request ends, and to send the rest of a
	// body that nobody wants to see; 0 for ever.
	Stall time.Duration
	// Memory is how many bytes requests may hold together for bodies and long answers; 0 means 96 MiB. Who needs more than is
	// free waits, and slow clients are cut off for those who wait: see package budget.
	Memory int64
	// Log gets a line for each request; nil means nowhere.
	Log *slog.Logger
	// Owner is who owns the roots of new branches.
	Owner pfs.Owner
	// Caller names who sends the request with a context, for the commits of requests that bear no access key; empty for nobody. Nil
	// when nobody knows.
	Caller func(ctx context.Context) string
}

// Handler serves S3. It is safe for concurrent use.
type Handler struct {
	store  store
	cfg    Config
	router *httprouter.Router
	// small is the memory for small bodies, large that for all else: neither kind waits for the other.
	small, large *budget.Budget
}

var _ http.Handler = (*Handler)(nil)

// store is all that the handlers need; each part is declared where it is used.
type store interface {
	branchStore
	versionStore
	contentStore
	partStore
	uploadStore
	settingStore
}

var _ store = (*pfs.Store)(nil)

// New returns a Handler that serves store, which must outlive it.
func New(store *pfs.Store, cfg Config) *Handler { return newHandler(store, cfg) }

func newHandler(store store, cfg Config) *Handler {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	memory := cmp.Or(cfg.Memory, defaultMemory)
	h := &Handler{
		store: store, cfg: cfg, small: budget.New(memory/4, cfg.Now), large: budget.New(memory-memory/4, cfg.Now),
	}
	h.router = h.routes()
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	joinLines(r.Header)
	q := &request{Request: r, id: h.newID(), query: sigv4.ParseQuery(r.URL.RawQuery), caller: h.cfg.Caller}
	q.w = &response{ResponseWriter: w, request: q}
	if h.cfg.Stall > 0 {
		q.stall = &stall{connection: http.NewResponseController(w), after: h.cfg.Stall, now: h.cfg.Now, left: r.ContentLength != 0}
		defer q.stall.end()
	}
	defer func() { q.grant.Release() }()
	goOn(w, r)
	start := h.cfg.Now()
	header := q.w.Header()
	header.Set("Server", "pfsd")
	header.Set("X-Amz-Request-Id", q.id)
	header.Set("X-Amz-Id-2", hostID(q.id))
	err := h.serve(q)
	if err != nil {
		q.grant.Release()
		h.fail(q, err)
	}
	h.log(q, err, h.cfg.Now().Sub(start))
}

// goOn answers "Expect: 100-continue" for a body that is empty. There is nothing to go on with, and the answer alone would do,
// but botocore then takes that, on the same connection, for the answer to its next request, too, and waits a minute for its
// head. For other bodies the server says it with the first read.
func goOn(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 && r.ProtoAtLeast(1, 1) && strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		w.WriteHeader(http.StatusContinue)
	}
}

// serve finds the operation that q asks for and runs it.
func (h *Handler) serve(q *request) error {
	if headerSize(q.Request) > maxHeaders {
		return fail(codeRequestHeaderSectionTooLarge)
	}
	if err := h.guard(q); err != nil {
		return err
	}
	handle, params, _ := h.router.Lookup(q.Method, h.pathOf(q.Request))
	if handle == nil {
		return fail(codeMethodNotAllowed)
	}
	handle(q.w, q.Request, params)
	return q.err
}

// pathOf returns the path in path style, with the bucket in front also when the request has it in its host name.
func (h *Handler) pathOf(r *http.Request) string {
	if bucket := h.hostBucket(r); bucket != "" {
		return "/" + bucket + r.URL.Path
	}
	return r.URL.Path
}

// hostBucket returns the bucket that the host name of r bears; empty for none. Host names have no case.
func (h *Handler) hostBucket(r *http.Request) string {
	if h.cfg.Domain == "" {
		return ""
	}
	bucket, found := strings.CutSuffix(strings.ToLower(hostname(r.Host)), "."+strings.ToLower(h.cfg.Domain))
	if !found {
		return ""
	}
	return bucket
}

// newID returns an id for a request. One that could not be made at random is as good as the others but for finding it in
// the log, so that is no reason to refuse the request.
func (h *Handler) newID() string {
	var id [8]byte
	_, _ = io.ReadFull(h.cfg.Rand, id[:])
	return strings.ToUpper(hex.EncodeToString(id[:]))
}

// hostID is the second id that S3 gives a request; it tells nothing that the first does not.
func hostID(id string) string { return base64.StdEncoding.EncodeToString([]byte("pfsd/" + id)) }
