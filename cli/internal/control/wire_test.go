package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pfsd/pfs"
)

func TestFaultsOfEveryKind(t *testing.T) {
	for _, kind := range pfs.Kinds() {
		err := fmt.Errorf("outer: %w", &pfs.Error{Op: "op", Kind: kind, Ref: "r", Path: "p", Err: errors.New("cause")})
		text, jsonErr := json.Marshal(FaultOf(err))
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		var f Fault
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		var got *pfs.Error
		if !errors.As(f.Err(), &got) || got.Kind != kind || got.Ref != "r" || got.Path != "p" || got.Err.Error() != "cause" {
			t.Errorf("%v came back as %v", err, f.Err())
		}
	}
}

func TestFaultsOfOtherErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind pfs.Kind
		text string
	}{
		{errors.New("plain"), pfs.KindInternal, "plain"},
		{context.Canceled, pfs.KindCanceled, "canceled: context canceled"},
		{context.DeadlineExceeded, pfs.KindTimeout, "timed out: context deadline exceeded"},
	} {
		got := FaultOf(c.err).Err()
		if pfs.KindOf(got) != c.kind || got.Error() != c.text {
			t.Errorf("%v came back as %v", c.err, got)
		}
	}
	if FaultOf(nil).Err() != nil {
		t.Error("no error came back as one")
	}
}

// TestCutListsFail cuts a list off after each of its bytes: only the whole list may be taken for one.
func TestCutListsFail(t *testing.T) {
	w := httptest.NewRecorder()
	numbers := func(yield func(int, error) bool) {
		for i := range 3 {
			if !yield(i, nil) {
				return
			}
		}
	}
	writeList(w, numbers, time.Now)
	whole := strings.TrimSuffix(w.Body.String(), "\n")
	for n := range len(whole) {
		var failed bool
		for _, err := range readList[int](io.NopCloser(strings.NewReader(whole[:n]))) {
			failed = failed || err != nil
		}
		if !failed {
			t.Errorf("the list was taken for whole after %d of %d bytes", n, len(whole))
		}
	}
	sum := 0
	for i, err := range readList[int](io.NopCloser(strings.NewReader(whole))) {
		if err != nil {
			t.Fatal(err)
		}
		sum += i
	}
	if sum != 3 {
		t.Errorf("the sum of 0, 1, 2 is %d", sum)
	}
}

// parts writes two parts and returns the stream.
func parts(t *testing.T, end error) string {
	t.Helper()
	var buf bytes.Buffer
	w := NewPartWriter(&buf)
	for i := range 2 {
		out, err := w.Next(Entry{Path: fmt.Sprint("p", i), Kind: "file"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, "bytes\r\n--of the file"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(end); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// readParts returns how many parts were read to their end, and the error but for io.EOF.
func readParts(text string) (n int, err error) {
	r, err := NewPartReader(strings.NewReader(text), partsType)
	if err != nil {
		return 0, err
	}
	for {
		var e Entry
		body, err := r.Next(&e)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return n, err
		}
		if string(text) != "bytes\r\n--of the file" || e.Path != fmt.Sprint("p", n) {
			return n, fmt.Errorf("part %d is %+v %q", n, e, text)
		}
		n++
	}
}

func TestCutPartsFail(t *testing.T) {
	text := parts(t, nil)
	if n, err := readParts(text); n != 2 || err != nil {
		t.Errorf("%d parts, %v", n, err)
	}
	for n := range len(text) {
		if _, err := readParts(text[:n]); err == nil {
			t.Errorf("the stream was taken for whole after %d of %d bytes", n, len(text))
		}
	}
}

func TestPartsEndInAFault(t *testing.T) {
	text := parts(t, &pfs.Error{Kind: pfs.KindCorrupt, Path: "p"})
	if n, err := readParts(text); n != 2 || pfs.KindOf(err) != pfs.KindCorrupt {
		t.Errorf("%d parts, %v", n, err)
	}
}

func TestModeIsOctal(t *testing.T) {
	text, err := json.Marshal(Mode(0o4755))
	if err != nil || string(text) != `"4755"` {
		t.Errorf("%s, %v", text, err)
	}
	var m Mode
	if err := json.Unmarshal([]byte(`"0644"`), &m); err != nil || m != 0o644 {
		t.Errorf("%o, %v", m, err)
	}
}
