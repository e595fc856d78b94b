package pfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
	"pfsd/pfs/internal/schema"
)

const (
	// maxLosses is how many losses are kept in the store; the last then stands for all that follow, too.
	maxLosses = 500
	// maxLossText and maxLossKey bound, in bytes, what is kept of a reason and of a key.
	maxLossText, maxLossKey = 200, 96
)

// errSalvaged says why garbage is not collected: since when, and what is lost.
type errSalvaged struct {
	since time.Time
	lost  []schema.LostRows
}

// Error implements error.
func (e errSalvaged) Error() string {
	why, since := "rows were salvaged from damaged files", e.since.UTC().Format(time.RFC3339)
	if len(e.lost) > 0 {
		why = "rows are missing (" + lossText(e.lost[0]) + "; pfsd fsck lists all)"
	}
	return fmt.Sprintf("%s, as was found at %s, so that nothing is removed which no name leads to: put back the parts of the store "+
		"that belong together, if you have them; else see it with pfsd lost list, save it with pfsd lost restore, and then run "+
		"pfsd gc --after-salvage", why, since)
}

// salvaged returns what the store says of a salvage after which nothing may be removed; nil when there was none, or somebody has
// said since that it may. A record that cannot be read is one that says nothing.
func (s *Store) salvaged(ctx context.Context) (*schema.SalvageRecord, error) {
	value, err := s.getRow(ctx, schema.SalvageKey())
	if err != nil || value == nil {
		return nil, err
	}
	rec, err := schema.DecodeSalvage(value)
	if err != nil {
		rec = schema.SalvageRecord{Lost: []schema.LostRows{{Why: "the record of what was lost is damaged itself"}}}
	}
	return &rec, nil
}

// mayRemove fails with an error of KindPermission when nothing may be removed that no name leads to.
func (s *Store) mayRemove(ctx context.Context, op string) error {
	rec, err := s.salvaged(ctx)
	if err == nil && rec != nil {
		err = &Error{Op: op, Kind: KindPermission, Err: errSalvaged{timeOf(rec.Time), rec.Lost}}
	}
	return wrap(op, err, "", "")
}

// markSalvaged notes in the rows in dir, which nobody has open, what was lost when they were salvaged.
func markSalvaged(ctx context.Context, dir string, now time.Time, lost []badgerkv.Loss, o badgerkv.Options) error {
	rows, err := badgerkv.Open(ctx, dir, o)
	if err != nil {
		return err
	}
	rec := schema.SalvageRecord{Time: now.UnixNano()}
	err = rows.View(ctx, func(r kv.Reader) error {
		value, err := r.Get(schema.SalvageKey())
		if errors.Is(err, kv.ErrNotFound) {
			return nil
		}
		if before, failed := schema.DecodeSalvage(value); failed == nil {
			rec.Lost = before.Lost // by a salvage of which nobody has seen the list
		}
		return err
	})
	for _, l := range lost {
		rec.Lost = append(rec.Lost, lostRows(l))
	}
	rec.Lost = fewer(rec.Lost)
	if err == nil {
		err = rows.Commit(ctx, kv.Batch{Puts: []kv.Row{{Key: schema.SalvageKey(), Value: rec.Append(nil)}}})
	}
	return errors.Join(err, rows.Close())
}

// lostRows returns what is kept of a loss: bounds that are not longer than they may be, and that have all between them that the real
// ones have.
func lostRows(l badgerkv.Loss) schema.LostRows {
	out := schema.LostRows{File: l.File, Why: l.Why[:min(len(l.Why), maxLossText)], First: l.First[:min(len(l.First), maxLossKey)]}
	out.Last = slices.Clone(l.Last)
	if len(l.Last) > maxLossKey {
		out.Last = append(out.Last[:maxLossKey], bytes.Repeat([]byte{0xff}, maxLossKey)...)
	}
	return out
}

// fewer returns no more losses than are kept.
func fewer(lost []schema.LostRows) []schema.LostRows {
	if len(lost) <= maxLosses {
		return lost
	}
	rest := lost[maxLosses-1:]
	lost = append(lost[:maxLosses-1:maxLosses-1], schema.LostRows{
		File: "others", Why: fmt.Sprintf("%d more pieces of files", len(rest)),
	})
	return lost
}
