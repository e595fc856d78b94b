package badgerkv_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/badgerkv"
)

// exhaust leaves this process no descriptor to open anything with, until the function returned is called.
func exhaust(t *testing.T) (restore func()) {
	t.Helper()
	var had unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &had); err != nil {
		t.Fatal(err)
	}
	// A limit below what is open leaves that as it is.
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: had.Max}); err != nil {
		t.Fatal(err)
	}
	restore = func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &had); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(restore)
	return restore
}

// writeUntil commits batches until one fails, and returns the last that did not, and the error.
func writeUntil(t *testing.T, s kv.Store) (last kv.Batch, err error) {
	t.Helper()
	for round := range 1000 {
		b := batch(round, 40, 60_000)
		if err := s.Commit(t.Context(), b); err != nil {
			return last, err
		}
		last = b
	}
	t.Fatal("no write has failed")
	return last, nil
}

// untilWell calls write until it succeeds; it may fail with kv.ErrExhausted.
func untilWell(t *testing.T, write func() error) {
	t.Helper()
	for {
		err := write()
		if err == nil {
			return
		}
		if !errors.Is(err, kv.ErrExhausted) {
			t.Fatal(err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(err)
		}
	}
}

// TestNoDescriptors: while nothing can be opened writes fail with ErrExhausted when they need a new log, reads are right or fail
// with it, and all is well as soon as there are descriptors again.
func TestNoDescriptors(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	restore := exhaust(t)
	last, err := writeUntil(t, s)
	if !errors.Is(err, kv.ErrExhausted) {
		t.Errorf("Commit: %v", err)
	}
	for range 3 {
		if err := s.Commit(t.Context(), batch(1, 1, 10)); !errors.Is(err, kv.ErrExhausted) {
			t.Errorf("Commit once more: %v", err)
		}
		if err := s.View(t.Context(), func(r kv.Reader) error {
			for _, err := range r.Scan(nil, nil, false) {
				if err != nil {
					return err
				}
			}
			_, err := r.Get(last.Puts[0].Key)
			return err
		}); err != nil && !errors.Is(err, kv.ErrExhausted) {
			t.Errorf("View: %v", err)
		}
	}
	restore()
	untilWell(t, func() error { return s.Commit(t.Context(), last) })
	expect(t, s, last)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	expect(t, open(t, dir, badgerkv.Options{}), last)
}

// TestClosedWhileExhausted: a store that has no Badger, and can have none, closes, and has lost nothing.
func TestClosedWhileExhausted(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	restore := exhaust(t)
	last, _ := writeUntil(t, s)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed: // It may say that no table can be written.
		t.Log(err)
	case <-t.Context().Done():
		t.Fatal("Close does not end")
	}
	restore()
	for { // Badger ends when it can write its table.
		again, err := badgerkv.Open(context.Background(), dir, badgerkv.Options{})
		if err == nil {
			expect(t, again, last)
			if err := again.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		if !strings.Contains(err.Error(), "lock") {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestNoMemtable: a log that cannot be made, whatever the reason, costs the write that needs it and no other.
func TestNoMemtable(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	next := filepath.Join(dir, "00002.mem")
	if err := os.Mkdir(next, 0o700); err != nil {
		t.Fatal(err)
	}
	last, err := writeUntil(t, s)
	if !errors.Is(err, kv.ErrExhausted) || !strings.Contains(err.Error(), "memtable") {
		t.Errorf("Commit: %v", err)
	}
	if err := os.Remove(next); err != nil {
		t.Fatal(err)
	}
	untilWell(t, func() error { return s.Commit(t.Context(), last) })
	expect(t, s, last)
	if err := s.Reclaim(t.Context()); err != nil {
		t.Error(err)
	}
	expect(t, s, last)
}

// TestFlushFails: Reclaim that cannot make a table leaves a store that goes on when it can be made.
func TestFlushFails(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, badgerkv.Options{})
	b := batch(1, 10, 1000)
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	restore := exhaust(t)
	if err := s.Reclaim(t.Context()); err == nil {
		t.Error("Reclaim succeeds without a descriptor")
	}
	restore()
	untilWell(t, func() error { return s.Reclaim(t.Context()) })
	expect(t, s, b)
}

// TestGuard: nothing of a Store calls Badger but an engine, and what an engine has opened; each of their methods is guarded.
func TestGuard(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	// What opens Badger, and what reads and writes its files while nobody has a store open.
	offline := map[string]bool{"engine.go": true, "view.go": true, "salvage.go": true, "salvage_note.go": true,
		"salvage_table.go": true, "damage.go": true,
		"manifest.go": true, "look.go": true, "unlisted.go": true}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if name == "engine.go" || name == "view.go" {
				if usesBadger(fn) && !guarded(fn) {
					t.Errorf("%s: %s calls Badger without a guard", name, fn.Name.Name)
				}
			} else if !offline[name] && fn.Name.Name != "openDB" && usesBadger(fn) {
				t.Errorf("%s: %s calls Badger itself, and not by way of an engine", name, fn.Name.Name)
			}
		}
	}
}

// usesBadger reports whether fn calls a method of a field or variable that holds a part of Badger.
func usesBadger(fn *ast.FuncDecl) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		switch on := sel.X.(type) {
		case *ast.SelectorExpr:
			found = found || on.Sel.Name == "db" || on.Sel.Name == "it" || on.Sel.Name == "txn"
		case *ast.Ident:
			found = found || on.Name == "db" || on.Name == "txn" || on.Name == "badger" && strings.HasPrefix(sel.Sel.Name, "Open")
		}
		return true
	})
	return found
}

// guarded reports whether fn turns panics into errors, or is called by one that does.
func guarded(fn *ast.FuncDecl) bool {
	if fn.Name.Name == "fill" || fn.Name.Name == "seek" {
		return true // by transaction, and by move
	}
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			found = found || n.Name == "recovered" || n.Name == "recover"
		case *ast.SelectorExpr:
			found = found || n.Sel.Name == "guard"
		}
		return true
	})
	return found
}
