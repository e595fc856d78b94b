package control

import (
	"encoding/json"
	"errors"
	"net/http"

	"pfsd/pfs"
)

// Fault is an error on its way from the host to a command.
type Fault struct {
	Op string `json:"op,omitempty"`
	// Kind is 0 for an error that has none, neither as the core's nor as a context's.
	Kind pfs.Kind `json:"kind,omitempty"`
	Ref  string   `json:"ref,omitempty"`
	Path string   `json:"path,omitempty"`
	// Cause is the text beyond the kind; for an error without one, all of it.
	Cause string `json:"cause,omitempty"`
	// Conflicts are the paths of a conflict.
	Conflicts []string `json:"conflicts,omitempty"`
}

// FaultOf returns err in a form that can be sent, or nil for nil.
func FaultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	var e *pfs.Error
	if !errors.As(err, &e) {
		f := &Fault{Kind: pfs.KindOf(err), Cause: err.Error()}
		if f.Kind == pfs.KindInternal {
			f.Kind = 0
		}
		return f
	}
	f := &Fault{Op: e.Op, Kind: e.Kind, Ref: e.Ref, Path: e.Path}
	if e.Err != nil {
		f.Cause = e.Err.Error()
	}
	var conflict *pfs.ConflictError
	if errors.As(err, &conflict) {
		f.Conflicts = conflict.Paths
	}
	return f
}

// Err returns the error that f stands for, a *pfs.Error with the kind of the original if that had one, or nil for nil.
func (f *Fault) Err() error {
	if f == nil {
		return nil
	}
	if f.Kind == 0 {
		return errors.New(f.Cause)
	}
	e := &pfs.Error{Op: f.Op, Kind: f.Kind, Ref: f.Ref, Path: f.Path}
	if f.Conflicts != nil {
		e.Err = &pfs.ConflictError{Paths: f.Conflicts}
	} else if f.Cause != "" {
		e.Err = errors.New(f.Cause)
	}
	return e
}

// fail answers a request with err; nothing must have been written yet.
func fail(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusInternalServerError
	if kind := pfs.KindOf(err); kind != pfs.KindInternal && kind != pfs.KindCorrupt {
		status = http.StatusUnprocessableEntity
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(FaultOf(err))
}
