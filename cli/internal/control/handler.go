package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"pfsd/pfs"
)

// doors is what the handler needs of those who serve S3 endpoints and mounts.
type doors interface {
	// Doors returns those that are open.
	Doors() []Door
	// Unmount ends the mount on dir and returns when all that was written in it is committed.
	Unmount(ctx context.Context, dir string) error
}

// Config is what a Handler is given besides the store. All fields are required.
type Config struct {
	// Data is the data directory, Host this process; both only to be shown.
	Data string
	Host Host
	Now  func() time.Time
	// Doors are the open doors.
	Doors doors
}

// Handler serves the operations of a store. It may be used by many requests at once, and needs no close: its owner ends
// the requests before closing the store.
type Handler struct {
	mux      *http.ServeMux
	cfg      Config
	repos    repoStore
	branches branchStore
	history  historyStore
	contents contentStore
	files    fileStore
	changes  changeStore
	health   healthStore
	versions versionOps
}

// New returns the handler of store's operations.
func New(store *pfs.Store, cfg Config) *Handler {
	h := &Handler{
		mux: http.NewServeMux(), cfg: cfg,
		repos: store, branches: store, history: store, contents: store, files: store, changes: store, health: store,
	}
	h.handle(opRepoCreate, value(h.createRepo))
	h.handle(opRepoDelete, value(h.deleteRepo))
	h.handle(opRepoList, list(h, h.listRepos))
	h.handle(opBranchCreate, value(h.createBranch))
	h.handle(opBranchDelete, value(h.deleteBranch))
	h.handle(opBranchList, list(h, h.listBranches))
	h.handle(opLog, list(h, h.log))
	h.handle(opList, list(h, h.list))
	h.handle(opStat, value(h.stat))
	h.handle(opGet, h.get)
	h.handle(opPut, h.put)
	h.handle(opRemove, value(h.remove))
	h.handle(opStatus, value(h.status))
	h.handle(opUnmount, value(h.unmount))
	h.handleVersions(store)
	h.handleCollect(store)
	h.handleCheck(store)
	h.handleLost(store)
	h.handleUpgrade(store)
	return h
}

// ServeHTTP serves one operation.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

func (h *Handler) handle(op string, f http.HandlerFunc) { h.mux.HandleFunc("POST "+op, f) }

// nothing is the answer of an operation that has none.
type nothing struct{}

// maxRequest bounds a JSON request: a removal names its paths in one.
const maxRequest = 64 << 20

// value makes a handler of a function from a request to one value.
func value[Req, Res any](f func(context.Context, Req) (Res, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req Req
		if err := readRequest(w, r, &req); err != nil {
			fail(w, err)
			return
		}
		res, err := f(r.Context(), req)
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(res)
	}
}

// list makes a handler of a function from a request to a list.
func list[Req, Item any](h *Handler, f func(context.Context, Req) iter.Seq2[Item, error]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req Req
		if err := readRequest(w, r, &req); err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		writeList(w, guarded(r.Context(), f(r.Context(), req)), h.cfg.Now)
	}
}

func readRequest(w http.ResponseWriter, r *http.Request, req any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	if err := dec.Decode(req); err != nil {
		return invalid(fmt.Errorf("malformed request: %w", err))
	}
	return nil
}

// invalid is the error of a request that can never be right.
func invalid(err error) error {
	return &pfs.Error{Op: "control.Handler", Kind: pfs.KindInvalid, Err: err}
}

// by returns p as the author of a change made through a command.
func (p Person) by(message string) pfs.By {
	return pfs.By{Origin: pfs.OriginCLI, Author: p.Name, Message: message}
}

func (p Person) owner() pfs.Owner { return pfs.Owner{UID: p.UID, GID: p.GID} }

// cutter makes a commit of what is pending on a branch.
type cutter interface {
	Cut(ctx context.Context, ref pfs.Ref) (pfs.Commit, error)
}

// cut commits what is pending on the branch that ref begins at, if it begins at one, so that its history is whole. Refs of
// tags and commits have nothing pending; what does not exist is for the caller to find out.
func cut(ctx context.Context, c cutter, ref pfs.Ref) error {
	if ref.Name == "" || !ref.Commit.IsZero() {
		return nil
	}
	_, err := c.Cut(ctx, pfs.BranchRef(ref.Repo, ref.Name))
	switch pfs.KindOf(err) {
	case pfs.KindRepoNotFound, pfs.KindBranchNotFound, pfs.KindReadOnly:
		return nil
	}
	return err
}

// errNotAFile says that an entry has no bytes to be read.
var errNotAFile = errors.New("not a regular file")
