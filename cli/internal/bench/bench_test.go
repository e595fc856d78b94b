package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestRunCountsAndLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		limit, count int
		want         int64
	}{
		"by count":          {count: 50, want: 50},
		"by limit":          {limit: 20, want: 20},
		"the lower of both": {limit: 20, count: 7, want: 7},
	} {
		t.Run(name, func(t *testing.T) {
			cleaned := false
			l := Load{
				Name: "test", Limit: tt.limit, Items: 3,
				Do:    func(context.Context, int, int) (int64, error) { return 10, nil },
				Clean: func(context.Context) error { cleaned = true; return nil },
			}
			r, err := Run(t.Context(), l, Options{Workers: 4, Count: tt.count})
			if err != nil {
				t.Fatal(err)
			}
			if r.Operations != tt.want || r.Items != 3*tt.want || r.Bytes != 10*tt.want || !cleaned {
				t.Errorf("%+v, cleaned %v", r, cleaned)
			}
		})
	}
}

func TestRunEndsWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := Load{Do: func(context.Context, int, int) (int64, error) {
			<-time.After(time.Second)
			return 0, nil
		}}
		r, err := Run(t.Context(), second, Options{Workers: 2, Duration: 2500 * time.Millisecond})
		if err != nil || r.Operations != 6 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestRunReturnsTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	l := Load{Do: func(_ context.Context, _, i int) (int64, error) {
		if i == 10 {
			return 0, broken
		}
		return 0, nil
	}}
	if _, err := Run(t.Context(), l, Options{Workers: 3, Count: 1000}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := Run(t.Context(), l, Options{}); err == nil {
		t.Error("a run without an end was begun")
	}
}

// TestRunProfilesTheLoadAlone checks that a profile begins after what prepares a load, and ends before what it has made is
// removed; what goes wrong with it is told.
func TestRunProfilesTheLoadAlone(t *testing.T) {
	var order []string
	broken := errors.New("broken")
	l := Load{
		Prepare: func(context.Context) error { order = append(order, "prepare"); return nil },
		Do:      func(context.Context, int, int) (int64, error) { return 0, nil },
		Clean:   func(context.Context) error { order = append(order, "clean"); return nil },
	}
	_, err := Run(t.Context(), l, Options{Count: 1, Profile: func(context.Context) error {
		order = append(order, "profile")
		return broken
	}})
	if want := []string{"prepare", "profile", "clean"}; !slices.Equal(order, want) || !errors.Is(err, broken) {
		t.Errorf("%v in the order %v, not %v", err, order, want)
	}
}

// TestObjectsDiffer checks that no block of one object is one of another, and that a body is the same however it is read.
func TestObjectsDiffer(t *testing.T) {
	d, err := newData()
	if err != nil {
		t.Fatal(err)
	}
	const size = 3*stampEvery + 100
	one, err := io.ReadAll(iotest.OneByteReader(d.object(1, size)))
	if err != nil || len(one) != size {
		t.Fatalf("%d bytes (%v)", len(one), err)
	}
	if err := iotest.TestReader(d.object(1, size), one); err != nil {
		t.Error(err)
	}
	two, err := io.ReadAll(d.object(2, size))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < size; at += stampEvery {
		if bytes.Equal(one[at:min(at+stampEvery, size)], two[at:min(at+stampEvery, size)]) {
			t.Errorf("the blocks at %d are the same", at)
		}
	}
}

func TestCompare(t *testing.T) {
	now := []Result{{Name: "a", PerSecond: 30}, {Name: "b", PerSecond: 10}, {Name: "new", PerSecond: 1}}
	before := []Result{{Name: "b", PerSecond: 20}, {Name: "a", PerSecond: 10}}
	got := Against(now, before)
	if len(got) != 2 || got[0].Ratio != 3 || got[1].Ratio != 0.5 {
		t.Errorf("%+v", got)
	}
}

// TestEveryLoad runs each load for a few operations.
func TestEveryLoad(t *testing.T) {
	opts := Options{Workers: 2, Count: 5}
	runs := func(t *testing.T, load Load, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if r, err := Run(t.Context(), load, opts); err != nil || r.Operations != 5 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	for _, name := range DirectoryNames() {
		t.Run("directory "+name, func(t *testing.T) {
			dir := t.TempDir()
			load, err := Directory(dir, name, DirectoryOptions{Size: 1 << 20, SmallSize: 4096, Files: 200, Block: 4096})
			runs(t, load, err)
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v (%v)", left, err)
			}
		})
	}
	core, err := NewCore(t.TempDir(), CoreOptions{Size: 1 << 20, Files: 1200, Commits: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := core.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range CoreNames() {
		t.Run("core "+name, func(t *testing.T) {
			load, err := core.Load(name)
			opts := opts
			if alone := []string{"open", "rename-dir"}; slices.Contains(alone, name) {
				opts.Workers = 1
			}
			if err == nil {
				_, err = Run(t.Context(), load, opts)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	server := httptest.NewServer(Reference(t.TempDir()))
	defer server.Close()
	for _, name := range []string{"put", "again", "get", "range", "delete", "mixed", "empty"} {
		t.Run("reference "+name, func(t *testing.T) {
			s3 := S3Options{Size: 10_000, Objects: 20, Workers: 2, RangeSize: 100, PartSize: 5 << 20}
			load, err := S3(Endpoint{URL: server.URL, Bucket: "bench"}, name, s3)
			runs(t, load, err)
		})
	}
}
