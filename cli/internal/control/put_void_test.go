package control_test

import (
	"io"
	"strings"
	"testing"

	"pfsd/cli/internal/control"
)

// TestVoidParts takes parts back, small ones and ones that are stored while they come, and sends one of them again.
func TestVoidParts(t *testing.T) {
	eachWay(t, putVoid)
}

func putVoid(t *testing.T, c *control.Client) {
	createRepo(t, c, "r")
	large := strings.Repeat("0123456789abcdef", 300_000)
	for _, wrong := range []string{"", "wrong", "wrong" + large} {
		_, err := c.Put(t.Context(), control.PutRequest{Ref: "r"}, func(parts *control.PartWriter) error {
			for _, part := range []struct {
				path, text string
				void       bool
			}{
				{"again", wrong, true}, {"again", wrong, true}, {"again", "right" + wrong, false}, {"gone", wrong, true},
			} {
				w, err := parts.Next(control.Entry{Path: part.path, Kind: "file"})
				if err == nil {
					_, err = io.WriteString(w, part.text)
				}
				if err == nil && part.void {
					err = parts.Void()
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		entries := collect(t, c.List(t.Context(), control.FileRequest{Ref: "r", Recursive: true}))
		if len(entries) != 1 || entries[0].Path != "again" || entries[0].Size != int64(len("right"+wrong)) {
			t.Errorf("after void parts of %d bytes there is %+v", len(wrong), entries)
		}
	}
}

// TestVoidOfNothing takes back what has no bytes, which fails the put.
func TestVoidOfNothing(t *testing.T) {
	eachWay(t, voidNothing)
}

func voidNothing(t *testing.T, c *control.Client) {
	createRepo(t, c, "r")
	for _, e := range []control.Entry{{Path: "d", Kind: "dir"}, {Path: "f", Kind: "file", ETag: "x"}} {
		_, err := c.Put(t.Context(), control.PutRequest{Ref: "r"}, func(parts *control.PartWriter) error {
			if _, err := parts.Next(e); err != nil {
				return err
			}
			return parts.Void()
		})
		if err == nil {
			t.Errorf("a void %s was taken", e.Kind)
		}
	}
	if got := collect(t, c.List(t.Context(), control.FileRequest{Ref: "r", Recursive: true})); len(got) != 0 {
		t.Errorf("they left %v", got)
	}
}
