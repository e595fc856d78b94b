package pfs

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/kv/memkv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
)

// TestThinPassGoesOn applies the policies of several branches, one of which has a commit that cannot be read: the others are
// thinned out, and the log names that one.
func TestThinPassGoesOn(t *testing.T) {
	ctx := context.Background()
	packs, err := pack.Open(pack.NewMemory(nil), pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var now atomic.Int64
	now.Store(1 << 60)
	var logged strings.Builder
	s, err := OpenOn(ctx, memkv.New(), packs, Options{
		Now: func() time.Time { return time.Unix(0, now.Load()) }, Rand: rand.Reader, Memory: 16 << 20, Log: slog.New(slog.NewTextHandler(&logged, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var middle []CommitID
	for _, repo := range []string{"a", "b", "c"} {
		if _, err := s.CreateRepo(ctx, repo, Owner{}, By{}); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			in, err := s.Ingest(ctx, strings.NewReader(fmt.Sprint(i)))
			if err != nil {
				t.Fatal(err)
			}
			made, err := s.Update(ctx, BranchRef(repo, "master"), By{Origin: OriginMount}, func(tx *Tx) error {
				return tx.PutFile("f", in.Content, nil, 0)
			})
			in.Release()
			if err != nil {
				t.Fatal(err)
			}
			if i == 2 {
				middle = append(middle, made.ID)
			}
		}
	}
	if err := s.kv.Put(ctx, []kv.Row{{Key: schema.CommitKey(middle[1]), Value: []byte{0xff}}}); err != nil {
		t.Fatal(err)
	}
	now.Add(int64(48 * time.Hour))
	s.thinPass(ctx)
	for i, want := range []bool{false, true, false} {
		value, err := s.getRow(ctx, schema.CommitKey(middle[i]))
		if err != nil || (value != nil) != want {
			t.Errorf("repo %d: the commit is there: %v (%v), want %v", i, value != nil, err, want)
		}
	}
	if text := logged.String(); !strings.Contains(text, "branch=master.b") || strings.Contains(text, "branch=master.c") {
		t.Errorf("logged: %s", text)
	}
}
