package pfs

import (
	"errors"
	"iter"
	"slices"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/schema"
)

const (
	// firstBatch and lastBatch are how many rows are kept of one look into the path index: few at first, since a listing may
	// end early.
	firstBatch, lastBatch = 64, 1024
	// maxLook is how many rows one look passes over at most.
	maxLook = 4096
)

// errRowSkip ends a look into the index that is to go on elsewhere.
var errRowSkip = errors.New("pfs: go on elsewhere")

// pathRows yields what the single rows of a line's path index say, from the place where the listing begins.
func (v *versionScan) pathRows(number int, l historyLine) iter.Seq2[pathEvent, error] {
	base := schema.PathPrefix(l.line, v.prefix)
	return v.rows(base[:len(base)-1], v.firstRow(number, l), number, l, func(path string, row kv.Row) (pathEvent, bool, error) {
		rec, err := schema.DecodePath(row.Value)
		ev := pathEvent{path: path, commit: rec.Commit, is: stateOther, detail: rec.Detail}
		if rec.Op == schema.PathPut {
			ev.is, ev.linked = stateOf(rec.Kind), rec.Kind == schema.KindLink
			ev.content = schema.Content{Hash: rec.Hash, Size: rec.Size}
			ev.content.Sparse = rec.Detail != nil && rec.Detail.Marks&schema.MarkSparse != 0
		}
		return ev, rec.Op != schema.PathBelow, err
	})
}

// firstRow returns the key of the first row of a line that can be behind the place where the listing begins.
func (v *versionScan) firstRow(number int, l historyLine) []byte {
	switch {
	case v.behind == nil || number > v.behind.line:
		return schema.PathKey(l.line, v.from, l.seq)
	case number == v.behind.line && v.behind.seq > 1:
		return schema.PathKey(l.line, v.from, v.behind.seq-1)
	}
	// Behind all rows of the path: no path has a NUL, which ends it in a key.
	key := schema.PathPrefix(l.line, v.from)
	key[len(key)-1] = 1
	return key
}

// subtreeRows yields the changes of whole directories on a line that may have changed what is listed.
func (v *versionScan) subtreeRows(number int, l historyLine) iter.Seq2[pathEvent, error] {
	decode := func(path string, row kv.Row) (pathEvent, bool, error) {
		rec, err := schema.DecodeSubtree(row.Value)
		return pathEvent{path: path, commit: rec.Commit, subtree: &rec}, true, err
	}
	return func(yield func(pathEvent, error) bool) {
		for _, dir := range dirsBefore(v.from) {
			prefix := schema.SubtreePrefix(l.line, dir)
			for ev, err := range v.rows(prefix, schema.SubtreeKey(l.line, dir, l.seq), number, l, decode) {
				if !yield(ev, err) {
					return
				}
			}
		}
		base := schema.SubtreePrefix(l.line, v.prefix)
		for ev, err := range v.rows(base[:len(base)-1], schema.SubtreePrefix(l.line, v.from), number, l, decode) {
			if !yield(ev, err) {
				return
			}
		}
	}
}

// dirsBefore returns the directories that sort before from while what is in them need not: in a path "/" follows on the name
// of a directory, and there are bytes that sort before "/".
func dirsBefore(from string) []string {
	var dirs []string
	if from != "" {
		dirs = append(dirs, "")
	}
	for i := 1; i < len(from); i++ {
		if from[i] <= '/' && from[i-1] != '/' {
			dirs = append(dirs, from[:i])
		}
	}
	return dirs
}

// rows yields the events of the index rows with a prefix, from one key on, that belong to the history; decode says which
// event a row is, and whether it counts.
func (v *versionScan) rows(
	prefix, from []byte, number int, l historyLine, decode func(path string, row kv.Row) (pathEvent, bool, error),
) iter.Seq2[pathEvent, error] {
	return func(yield func(pathEvent, error) bool) {
		for most := firstBatch; from != nil; most = min(4*most, lastBatch) {
			var batch []pathEvent
			next, err := v.look(prefix, from, l.seq, func(path string, seq uint64, row kv.Row) (more bool, err error) {
				ev, counts, err := decode(path, row)
				if ev.age = (age{number, seq}); counts {
					batch = append(batch, ev)
				}
				return len(batch) < most, err
			})
			if err != nil {
				yield(pathEvent{}, err)
				return
			}
			for _, ev := range batch {
				if !yield(ev, nil) {
					return
				}
			}
			from = next
		}
	}
}

// look calls fn with rows of the path index that are of places up to seq, as long as it wants more, and returns the key from
// which to go on; nil at the end.
func (v *versionScan) look(
	prefix, from []byte, seq uint64, fn func(path string, seq uint64, row kv.Row) (bool, error),
) (next []byte, err error) {
	looked := 0
	err = v.snapshot.store.kv.View(v.ctx, func(r kv.Reader) error {
		for from != nil {
			next = nil
			for row, err := range r.Scan(prefix, from, false) {
				if err != nil {
					return err
				}
				line, path, at, ok := schema.ParseIndexKey(row.Key)
				if !ok {
					return &Error{Op: "pfs.Versions", Kind: KindCorrupt}
				}
				looked++
				if at > seq {
					// The branch left this line before.
					next = slices.Clone(row.Key[:len(row.Key)-8])
					next = append(next, schema.PathKey(line, path, seq)[len(next):]...)
					break
				}
				more, err := fn(path, at, row)
				if err != nil {
					return err
				}
				if !more || looked >= maxLook {
					next = append(slices.Clone(row.Key), 0)
					return errRowSkip
				}
			}
			from = next
		}
		return nil
	})
	if errors.Is(err, errRowSkip) {
		err = nil
	}
	return next, err
}
