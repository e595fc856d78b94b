package schema

import (
	"maps"
	"slices"
)

// RepoRecord is a repo. Its name is in its key.
type RepoRecord struct {
	// ID stays when the repo is renamed.
	ID      ID
	Created int64
}

// Append appends the record's bytes to b.
func (r *RepoRecord) Append(b []byte) []byte {
	e := newRecord()
	e.raw(r.ID[:])
	e.int(r.Created)
	return append(b, e.b...)
}

// DecodeRepo is the inverse of RepoRecord.Append.
func DecodeRepo(b []byte) (RepoRecord, error) {
	d := openRecord(b)
	r := RepoRecord{ID: d.id(), Created: d.int()}
	return r, d.close()
}

// BranchRecord is a branch. Its repo and name are in its key.
type BranchRecord struct {
	Created int64
	// Head is the last commit.
	Head ID
	// Line is the line that its next commit will be on, and Seq the last place taken there.
	Line, Seq uint64
	// Bare is set when the branch was made by its repo's name alone.
	Bare bool
	// Keep is how long automatic commits stay: the words of the policy; empty for the default.
	Keep string
	// Pending is what the branch shows beyond Head; nil when nothing.
	Pending *PendingRecord
	// Settings are values by name that are kept with the branch, and mean nothing here; nil when there are none.
	Settings map[string]string
}

// PendingRecord is the state of a branch that is visible and in no commit yet.
type PendingRecord struct {
	// ID is the id that the commit will have, and Gen its generation.
	ID  ID
	Gen uint64
	// Time is when the last change was made.
	Time   int64
	Origin uint8
	Author string
	Root   Entry
	Links  Hash
}

// Append appends the record's bytes to b.
func (r *BranchRecord) Append(b []byte) []byte {
	e := newRecord()
	e.int(r.Created)
	e.raw(r.Head[:])
	e.uint(r.Line)
	e.uint(r.Seq)
	e.bool(r.Bare)
	e.string(r.Keep)
	e.bool(r.Pending != nil)
	if p := r.Pending; p != nil {
		e.raw(p.ID[:])
		e.uint(p.Gen)
		e.int(p.Time)
		e.byte(p.Origin)
		e.string(p.Author)
		e.raw(p.Links[:])
		e.entry(&p.Root)
	}
	r.appendSettings(e)
	return append(b, e.b...)
}

// DecodeBranch is the inverse of BranchRecord.Append.
func DecodeBranch(b []byte) (BranchRecord, error) {
	d := openRecord(b)
	r := BranchRecord{Created: d.int(), Head: d.id(), Line: d.uint(), Seq: d.uint(), Bare: d.bool(), Keep: d.string()}
	if d.bool() {
		r.Pending = &PendingRecord{ID: d.id(), Gen: d.uint(), Time: d.int(), Origin: d.byte(), Author: d.string(),
			Links: d.hash(), Root: d.entry()}
	}
	r.Settings = readSettings(d)
	return r, d.close()
}

// appendSettings adds nothing when there are none, as did programs that knew none.
func (r *BranchRecord) appendSettings(e *encoder) {
	if len(r.Settings) == 0 {
		return
	}
	e.uint(uint64(len(r.Settings)))
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		e.string(name)
		e.string(r.Settings[name])
	}
}

// readSettings takes what is left of a record.
func readSettings(d *decoder) map[string]string {
	if d.err != nil || len(d.b) == 0 {
		return nil
	}
	settings, last := map[string]string{}, ""
	n := d.uint()
	if n == 0 {
		d.fail()
	}
	for ; n > 0 && d.err == nil; n-- {
		name := d.string()
		if len(settings) > 0 && name <= last {
			d.fail()
		}
		settings[name], last = d.string(), name
	}
	return settings
}

// TagRecord is a tag. Its repo and name are in its key.
type TagRecord struct {
	Commit  ID
	Created int64
}

// Append appends the record's bytes to b.
func (r *TagRecord) Append(b []byte) []byte {
	e := newRecord()
	e.raw(r.Commit[:])
	e.int(r.Created)
	return append(b, e.b...)
}

// DecodeTag is the inverse of TagRecord.Append.
func DecodeTag(b []byte) (TagRecord, error) {
	d := openRecord(b)
	r := TagRecord{Commit: d.id(), Created: d.int()}
	return r, d.close()
}

// OpenCommitRecord is a commit that was started and is not finished: its id is in its key.
type OpenCommitRecord struct {
	Repo   ID
	Branch string
	// Base is the commit that it was started from.
	Base ID
	// State is its workspace, kept as that of a branch is.
	State           BranchRecord
	Author, Message string
}

// Append appends the record's bytes to b.
func (r *OpenCommitRecord) Append(b []byte) []byte {
	e := newRecord()
	e.raw(r.Repo[:])
	e.string(r.Branch)
	e.raw(r.Base[:])
	e.string(r.Author)
	e.string(r.Message)
	e.string(string(r.State.Append(nil)))
	return append(b, e.b...)
}

// DecodeOpenCommit is the inverse of OpenCommitRecord.Append.
func DecodeOpenCommit(b []byte) (OpenCommitRecord, error) {
	d := openRecord(b)
	r := OpenCommitRecord{Repo: d.id(), Branch: d.string(), Base: d.id(), Author: d.string(), Message: d.string()}
	state := d.string()
	if d.err == nil {
		var err error
		if r.State, err = DecodeBranch([]byte(state)); err != nil {
			d.fail()
		}
	}
	return r, d.close()
}

// TombstoneRecord is a deleted repo, branch or tag, kept so that it can be restored.
type TombstoneRecord struct {
	// Repo is the name that the repo had.
	Repo string
	// Record is the deleted record as it was.
	Record []byte
}

// Append appends the record's bytes to b.
func (r *TombstoneRecord) Append(b []byte) []byte {
	e := newRecord()
	e.string(r.Repo)
	e.string(string(r.Record))
	return append(b, e.b...)
}

// DecodeTombstone is the inverse of TombstoneRecord.Append.
func DecodeTombstone(b []byte) (TombstoneRecord, error) {
	d := openRecord(b)
	r := TombstoneRecord{Repo: d.string(), Record: []byte(d.string())}
	return r, d.close()
}
