package cli

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"

	"pfsd/cli/internal/control"
)

// maxPatch is the size up to which a file's changes are shown.
const maxPatch = 1 << 20

// printPatches prints changes as a unified diff where both sides are small texts, and in one line elsewhere.
func (d *differ) printPatches(ctx context.Context, seq iter.Seq2[control.Change, error]) error {
	for change, err := range seq {
		if err != nil {
			return err
		}
		patch, err := d.patch(ctx, change)
		if err != nil {
			return err
		}
		if patch == "" {
			d.p.printChange(d.p.stdout, change)
			continue
		}
		if err := d.printPatch(patch); err != nil {
			return err
		}
	}
	return nil
}

// patch returns the unified diff of a change; "" when that cannot be shown so.
func (d *differ) patch(ctx context.Context, c control.Change) (string, error) {
	if c.Status == control.Renamed || !smallFile(c.Before) || !smallFile(c.After) {
		return "", nil
	}
	before, textA, err := d.read(ctx, d.from, c.Before)
	if err != nil {
		return "", err
	}
	after, textB, err := d.read(ctx, d.to, c.After)
	if err != nil || !textA || !textB {
		return "", err
	}
	nameA, nameB := patchName("a/"+c.Path), patchName("b/"+c.Path)
	if c.Before == nil {
		nameA = "/dev/null"
	}
	if c.After == nil {
		nameB = "/dev/null"
	}
	return udiff.Unified(nameA, nameB, before, after), nil
}

// patchName returns the name of a file for the head of a patch, as patch(1) and git take it: one with spaces ends in a tab,
// and one with characters that mean something there, or that is taken for shorter, is quoted as in C.
func patchName(name string) string {
	special := func(c rune) bool { return c < ' ' || c == 0x7f || c == '"' || c == '\\' }
	if !strings.ContainsFunc(name, special) && !strings.HasSuffix(name, " ") {
		if strings.Contains(name, " ") {
			name += "\t"
		}
		return name
	}
	var quoted strings.Builder
	quoted.WriteByte('"')
	for _, c := range []byte(name) {
		switch {
		case c == '"' || c == '\\':
			quoted.WriteByte('\\')
			quoted.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&quoted, "\\%03o", c)
		default:
			quoted.WriteByte(c)
		}
	}
	quoted.WriteByte('"')
	return quoted.String()
}

// smallFile reports whether e is none, or a file whose changes are shown.
func smallFile(e *control.Entry) bool { return e == nil || e.Kind == "file" && e.Size <= maxPatch }

// read returns the bytes of a file of a version, and whether they are text.
func (d *differ) read(ctx context.Context, ref string, e *control.Entry) (string, bool, error) {
	if e == nil {
		return "", true, nil
	}
	var out bytes.Buffer
	err := d.store.Cat(ctx, control.FileRequest{Ref: ref, Path: e.Path}, &out)
	return out.String(), utf8.Valid(out.Bytes()) && bytes.IndexByte(out.Bytes(), 0) < 0, err
}

// printPatch prints a unified diff, in colours on a terminal.
func (d *differ) printPatch(patch string) error {
	for line := range strings.Lines(patch) {
		text := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "+"):
			text = d.p.paint(styleAdded, text)
		case strings.HasPrefix(line, "-"):
			text = d.p.paint(styleDeleted, text)
		case strings.HasPrefix(line, "@@"):
			text = d.p.paint(styleID, text)
		}
		if _, err := fmt.Fprintln(d.p.stdout, text); err != nil {
			return err
		}
	}
	return nil
}
