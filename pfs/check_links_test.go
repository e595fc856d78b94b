package pfs

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/tree"
)

// TestCheckFindsWrongLinks makes commits whose link trees do not fit their names.
func TestCheckFindsWrongLinks(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(tx *Tx, id LinkID, file tree.Entry) error
		want   string
	}{
		{"nothing", func(*Tx, LinkID, tree.Entry) error { return nil }, ""},
		{"too many names", func(tx *Tx, id LinkID, file tree.Entry) error {
			file.NLink = 3
			return tx.putLinked("test", id, file)
		}, "has 3 names, and it has 2"},
		{"no file", func(tx *Tx, id LinkID, _ tree.Entry) (err error) {
			tx.view.linked, err = tx.view.linked.With(tx.ctx, nil, []string{linkName(id)})
			tx.files = append(tx.files, id)
			return err
		}, "is missing from the link tree"},
		{"a file without names", func(tx *Tx, _ LinkID, file tree.Entry) error {
			return tx.putLinked("test", LinkID{1}, file)
		}, "has 2 names, and it has 0"},
		{"a link with attributes", func(tx *Tx, id LinkID, _ tree.Entry) error {
			return tx.in("test", "", at{}, func(dir *tree.Entry) (err error) {
				link := linkEntry("b", id, tx.change)
				link.Mode = 0o600
				*dir, err = tx.with("test", *dir, link)
				tx.touch("b", false)
				return err
			})
		}, errLinkAttributes.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, ref := openLinked(t)
			ctx := context.Background()
			_, err := s.Update(ctx, ref, By{}, func(tx *Tx) error {
				e, err := tx.Stat("a")
				if err != nil {
					return err
				}
				file, _, err := tx.view.linkedFile(ctx, e.Link)
				if err != nil {
					return err
				}
				return test.damage(tx, e.Link, file)
			})
			if err != nil {
				t.Fatal(err)
			}
			report, err := s.Check(ctx, CheckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			found := test.want == "" && len(report.Problems) == 0
			for _, p := range report.Problems {
				found = found || test.want != "" && strings.Contains(p.String(), test.want)
			}
			if !found {
				t.Errorf("want %q, found %v", test.want, report.Problems)
			}
		})
	}
}

// openLinked returns a store in memory, and a branch on which a and b are names of one file.
func openLinked(t *testing.T) (*Store, Ref) {
	t.Helper()
	dir, err := pack.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	packs, err := pack.Open(dir, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s, err := OpenOn(ctx, memkv.New(), packs, Options{
		Now: func() time.Time { return time.Unix(1, 0) }, Rand: rand.Reader, Memory: 16 << 20, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.CreateRepo(ctx, "repo", Owner{}, By{}); err != nil {
		t.Fatal(err)
	}
	in, err := s.Ingest(ctx, strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Release()
	ref := BranchRef("repo", "master")
	_, err = s.Update(ctx, ref, By{}, func(tx *Tx) error {
		if err := tx.PutFile("a", in.Content, nil, 0); err != nil {
			return err
		}
		return tx.Link("a", "b")
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, ref
}
