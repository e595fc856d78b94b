package badgerkv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// Salvaged is what Salvage has found.
type Salvaged struct {
	// Rows is how many versions of rows were read, and LostRows how many could not be, as far as tables say how many they have:
	// Uncounted is how many files do not.
	Rows, LostRows, Uncounted int64
	// Empty is set when no row could be read, in no table and no log.
	Empty bool
	// Lost are the pieces of files that cannot be read.
	Lost []Loss
	// Damage says in a line each what was damaged without a loss.
	Damage []string
}

// Loss is a piece of a file that cannot be read.
type Loss struct {
	// File is the name of the file, Why the reason.
	File, Why string
	// First and Last are keys between which all rows lie that the piece may have had, these included; nil for no bound.
	First, Last []byte
}

// Salvage makes in the directory to, which must not be there, a store of all rows that can still be read in the files of the
// one in from, which is left as it is. It reads each block of each table by itself, whether the index of the table is right or
// not, and takes over the logs; what is lost is reported. Rows that are not those of the note, if there is one at opts.Note, are
// losses, too. Nobody may have from open.
func Salvage(ctx context.Context, from, to string, opts Options) (s Salvaged, err error) {
	was, err := readNote(opts.Note)
	if err != nil {
		return s, fmt.Errorf("badgerkv: salvage: %w", err)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return s, err
	}
	if err := copyLogs(from, to); err != nil {
		return s, err
	}
	l := logger{opts.Logger, &flushes{}, func(text string) string { return text }}
	g := opening{
		options: badgerOptions(to, opts, l), aside: cmp.Or(opts.Aside, from+".aside"), log: cmp.Or(opts.Logger, slog.New(slog.DiscardHandler)), show: l.show,
	}
	db, err := openDB(g)
	if err != nil {
		// A log that Badger does not take is lost as a whole.
		s.lose(Loss{File: "*" + walSuffix, Why: err.Error()})
		s.Uncounted++
		if err = removeLogs(to); err == nil {
			db, err = openDB(g)
		}
	}
	if err != nil {
		return s, fmt.Errorf("badgerkv: salvage: %w", err)
	}
	tables, err := filepath.Glob(filepath.Join(from, "*.sst"))
	listed := err == nil && s.missing(badgerOptions(from, opts, l), tables)
	for _, name := range tables {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = s.notedTable(db, name, was)
		}
	}
	if err == nil && was != nil {
		err = s.compareNote(db, was, tables, listed)
	}
	s.Empty = db.MaxVersion() == 0
	if err = errors.Join(err, db.Close()); err != nil {
		return s, fmt.Errorf("badgerkv: salvage: %w", err)
	}
	return s, syncDir(to)
}

// lose notes a loss, of which there is only one for pieces of a file that follow each other.
func (s *Salvaged) lose(l Loss) {
	l.Why = strings.ReplaceAll(l.Why, "\n", " ")
	s.Lost = append(s.Lost, l)
}

// missing notes the tables that are listed and not there, and reports whether there is a list. Without it nobody knows of any.
func (s *Salvaged) missing(o badger.Options, tables []string) bool {
	listed, err := readManifest(o)
	if err != nil {
		s.Damage = append(s.Damage, strings.ReplaceAll(fmt.Sprintf("the list of tables: %v", err), "\n", " "))
	}
	for _, name := range tables {
		if id, ok := table.ParseFileID(filepath.Base(name)); ok {
			delete(listed, id)
		}
	}
	for id := range listed {
		s.loseTable(id, "the file is missing")
	}
	return err == nil
}

// loseTable notes that a table is lost as a whole.
func (s *Salvaged) loseTable(id uint64, why string) {
	name := filepath.Base(table.NewFilename(id, ""))
	if slices.ContainsFunc(s.Lost, func(l Loss) bool { return l.File == name && l.First == nil && l.Last == nil }) {
		return
	}
	s.lose(Loss{File: name, Why: why})
	s.Uncounted++
}

func copyLogs(from, to string) error {
	logs, err := filepath.Glob(filepath.Join(from, "*"+walSuffix))
	for _, name := range logs {
		if err == nil {
			err = copyFile(name, filepath.Join(to, filepath.Base(name)))
		}
	}
	return err
}

func removeLogs(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
	}
	return err
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}
