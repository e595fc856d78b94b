package pfs

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"pfsd/pfs/internal/schema"
)

// FileVersion is a state that a file was given, or its removal, as the history of a version has it.
type FileVersion struct {
	Path string
	// Commit made it; zero while what made it is pending.
	Commit CommitID
	// Time is that of the commit; of what is pending, when that last changed.
	Time time.Time
	// Latest is set when it is the last of its path, which is how the snapshot has it.
	Latest bool
	// Removed is set when the file was removed, or something that is no file took its place; all below is zero then.
	Removed bool
	Size    int64
	// ETag is that of the content.
	ETag string
	// Ctime in nanoseconds.
	Ctime int64
	// Checksums are the names of those that the file has; Composite is set when they are made of those of parts.
	Checksums []string
	Composite bool
	// User is the user metadata; nil for none.
	User map[string]string
}

// VersionMark is a place in a listing of versions.
type VersionMark struct {
	// Path is the last path of which all versions are before the place, or some when Commit or Pending is set. Empty for the
	// beginning.
	Path string
	// Commit is the last of Path whose version is before the place: what it and later ones did to Path is.
	Commit CommitID
	// Pending is set when what is pending, and nothing older, is before the place.
	Pending bool
}

// Versions yields every state that a regular file whose path begins with prefix has had in the history of the snapshot,
// which follows first parents, and every removal of one: by path, in the order of their bytes, and the newest of each path
// first, from the first behind after. What is pending counts as newer than all commits. A path is listed for as long as the
// history has it, whether there is a file at it now or not; directories and other entries are not. It takes time that
// depends on the number of versions it yields, and on how often their directories were moved, copied or removed as a whole,
// and neither on the length of the history nor on what else changed in it. An error ends the sequence; it is of
// KindCommitNotFound when after names a commit that is not in the history.
func (s *Snapshot) Versions(ctx context.Context, prefix string, after VersionMark) iter.Seq2[FileVersion, error] {
	return func(yield func(FileVersion, error) bool) {
		const op = "pfs.Versions"
		scan, err := s.newVersionScan(ctx, prefix, after)
		if err != nil {
			yield(FileVersion{}, wrap(op, err, s.version.Repo, prefix))
			return
		}
		for ev, err := range scan.events() {
			var v FileVersion
			if err == nil {
				v, err = scan.version(ev)
			}
			if errors.Is(err, errThinned) {
				continue
			}
			if !yield(v, wrap(op, err, s.version.Repo, prefix)) || err != nil {
				return
			}
		}
	}
}

// errThinned says that a commit has been thinned out since its row was read.
var errThinned = errors.New("pfs: the commit has been thinned out")

// versionScan is one listing of versions.
type versionScan struct {
	ctx      context.Context
	snapshot *Snapshot
	// head is the commit that the snapshot shows, or has pending changes on.
	head   *commit
	prefix string
	// lines are those that the history goes through, newest first.
	lines []historyLine
	// from is the first path that is listed, from which behind tells how many versions are passed over.
	from   string
	behind *age
	// passed is set when of the versions passed over one would have been yielded.
	passed bool
}

// historyLine is a line of commits up to the place at which a history leaves it.
type historyLine struct{ line, seq uint64 }

func (s *Snapshot) newVersionScan(ctx context.Context, prefix string, after VersionMark) (*versionScan, error) {
	head, err := s.store.loadCommit(ctx, s.version.Commit)
	if err == nil && head == nil {
		err = &Error{Op: "pfs.Versions", Kind: KindCommitNotFound, Ref: s.version.Commit.String()}
	}
	if err != nil {
		return nil, err
	}
	scan := &versionScan{ctx: ctx, snapshot: s, head: head, prefix: prefix, from: prefix}
	for line, seq := head.rec.Line, head.rec.Seq; line != 0; {
		scan.lines = append(scan.lines, historyLine{line, seq})
		rec, err := s.store.loadLine(ctx, line)
		if err != nil {
			return nil, err
		}
		line, seq = rec.Parent, rec.Seq
	}
	within := after.Pending || !after.Commit.IsZero()
	switch {
	case after.Path == "", after.Path < prefix:
		return scan, nil
	case !within:
		scan.from = after.Path + "\x00" // No path has a NUL.
		return scan, nil
	}
	behind, err := scan.ageOf(after)
	if err != nil {
		return nil, err
	}
	scan.from = after.Path
	for ev, err := range scan.events() {
		scan.passed = err == nil && ev.path == after.Path && !behind.newer(ev.age)
		if err != nil {
			return nil, err
		}
		break
	}
	scan.behind = &behind
	return scan, nil
}

// ageOf returns the age of what mark names.
func (v *versionScan) ageOf(mark VersionMark) (age, error) {
	if mark.Pending {
		return age{}, nil
	}
	c, err := v.snapshot.store.loadCommit(v.ctx, mark.Commit)
	if err != nil {
		return age{}, err
	}
	for i, l := range v.lines {
		if c != nil && l.line == c.rec.Line && c.rec.Seq <= l.seq {
			return age{i + 1, c.rec.Seq}, nil
		}
	}
	return age{}, &Error{Op: "pfs.Versions", Kind: KindCommitNotFound, Ref: mark.Commit.String()}
}

// events yields what is to be listed: files that were put, and removals of files.
func (v *versionScan) events() iter.Seq2[pathEvent, error] {
	return func(yield func(pathEvent, error) bool) {
		// held is something that removed a file, if the event before it put one.
		var held *pathEvent
		path, listed := v.from, v.passed
		emit := func(ev pathEvent) bool {
			ev.latest, listed = !listed, true
			return yield(ev, nil)
		}
		for ev, err := range v.merged() {
			if err != nil {
				yield(pathEvent{}, err)
				return
			}
			if ev.is == stateLink {
				if ev.is, err = v.linkedState(ev); err != nil {
					yield(pathEvent{}, err)
					return
				}
			}
			if ev.path != path {
				path, held, listed = ev.path, nil, false
			}
			if held != nil && ev.is == stateFile && !emit(*held) {
				return
			}
			held = nil
			switch {
			case ev.is == stateFile, ev.was == stateFile:
				if !emit(ev) {
					return
				}
			case ev.was == stateUnknown, ev.was == stateLink:
				held = &ev
			}
		}
	}
}

// linkedState returns what it is that has several names, of which an event made one.
func (v *versionScan) linkedState(ev pathEvent) (entryState, error) {
	ev.is = stateFile
	_, err := v.version(ev)
	switch {
	case errors.Is(err, errThinned), errors.Is(err, errNoFile):
		return stateOther, nil
	case err != nil:
		return stateUnknown, err
	}
	return stateFile, nil
}

// version returns an event as callers see it: from the row alone where that says enough.
func (v *versionScan) version(ev pathEvent) (FileVersion, error) {
	out := FileVersion{Path: ev.path, Commit: ev.commit, Latest: ev.latest, Removed: ev.is != stateFile}
	if d := ev.detail; d != nil && (out.Removed || d.Marks&schema.MarkMore == 0 && !ev.linked) {
		out.Time = timeOf(d.Time)
		if !out.Removed {
			out.Size, out.ETag, out.Ctime = ev.content.Size, ev.content.ETag(), d.Ctime
			out.Checksums, out.Composite = d.Marks.Checksums(), d.Marks&schema.MarkComposite != 0
		}
		return out, nil
	}
	files, err := v.filesOf(ev, &out)
	if err != nil || out.Removed {
		return out, err
	}
	entry, err := files.stat(v.ctx, ev.path)
	switch {
	case err != nil:
		return out, err
	case entry.Kind != EntryFile:
		return out, errNoFile
	}
	out.Size, out.ETag, out.Ctime = entry.Content.Size, entry.Content.ETag(), entry.Ctime
	if entry.Meta != nil {
		out.User = entry.Meta.User
		for name, value := range entry.Meta.Checksums {
			out.Checksums = append(out.Checksums, name)
			out.Composite = out.Composite || strings.Contains(value, "-")
		}
	}
	return out, nil
}

// errNoFile says that something has several names and is no file.
var errNoFile = errors.New("pfs: no file")

// filesOf returns the files as an event left them, and says in out when and by which commit it was made.
func (v *versionScan) filesOf(ev pathEvent, out *FileVersion) (view, error) {
	if ev.age.line == 0 {
		out.Commit, out.Time = CommitID{}, v.snapshot.version.Time
		return v.snapshot.view, nil
	}
	c, err := v.snapshot.store.loadCommit(v.ctx, ev.commit)
	switch {
	case err != nil:
		return view{}, err
	case c == nil:
		return view{}, &Error{Op: "pfs.Versions", Kind: KindCorrupt, Ref: ev.commit.String()}
	case c.id != ev.commit:
		return view{}, errThinned
	}
	out.Time = timeOf(c.rec.Time)
	return c.view, nil
}
