package integration_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestClash lets eight writers of S3 and eight of two mounts of one branch write the same few paths at once, while others
// read them. No reader sees a mix of two versions; in the end all doors show the same files, each as one of the writers
// wrote it who did not write it again: so it is after some order of all that was acknowledged.
func TestClash(t *testing.T) {
	s := harness.New(t)
	door := s.S3()
	c := &clash{t: t, client: door.Client(t), mounts: []*harness.Mount{s.Mount("master.clash", "--create"), s.Mount("master.clash")}}
	var writers, readers sync.WaitGroup
	var stop atomic.Bool
	for w := range clashWriters {
		writers.Go(func() { c.write(w) })
	}
	for r := range 3 {
		readers.Go(func() {
			for i := 0; !stop.Load(); i++ {
				c.read(r, clashPath(i))
			}
		})
	}
	writers.Wait()
	stop.Store(true)
	readers.Wait()
	for _, m := range c.mounts {
		if _, err := os.ReadFile(m.Path(".pfs/head")); err != nil { // It waits until the mount knows of everything.
			t.Error(err)
		}
	}
	c.compare()
}

const (
	clashBucket = "master.clash"
	clashPaths  = 4

	clashWriters = 16
	clashRounds  = 20
)

type clash struct {
	t      *testing.T
	client *minio.Core
	mounts []*harness.Mount
}

func clashPath(i int) string { return fmt.Sprintf("dir/%d", i%clashPaths) }

// clashBytes is what a writer writes in a round: one line, many times.
func clashBytes(writer, round int) []byte {
	line := fmt.Sprintf("writer %d, round %03d\n", writer, round)
	return bytes.Repeat([]byte(line), 1+(writer*7919+round*104729)%20_000)
}

// isWhole reports whether data is what one writer wrote in one round.
func isWhole(data []byte) bool {
	var writer, round int
	if _, err := fmt.Sscanf(string(data[:min(22, len(data))]), "writer %d, round %d\n", &writer, &round); err != nil {
		return false
	}
	return bytes.Equal(data, clashBytes(writer, round))
}

// mayBeLast reports whether data is what a writer was the last to write at path, of what that writer wrote there.
func mayBeLast(data []byte, path string) bool {
	var writer, round int
	_, err := fmt.Sscanf(string(data[:min(22, len(data))]), "writer %d, round %d\n", &writer, &round)
	return err == nil && clashPath(writer+round) == path && round+clashPaths >= clashRounds
}

// write writes through S3 for even writers, else through one of the mounts, where files are replaced as editors do.
func (c *clash) write(w int) {
	for round := range clashRounds {
		path, data := clashPath(w+round), clashBytes(w, round)
		var err error
		if w%2 == 0 {
			err = storeS3(c.client, clashBucket, path, data)
		} else {
			err = replace(c.mounts[w/2%2], path, fmt.Sprintf("dir/new%d", w), data)
		}
		if err != nil {
			c.t.Errorf("writer %d: %v", w, err)
			return
		}
	}
}

// replace puts a file in the place of another in one step.
func replace(m *harness.Mount, path, temporary string, data []byte) error {
	if err := os.MkdirAll(m.Path(parent(path)), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(m.Path(temporary), data, 0o644); err != nil {
		return err
	}
	return os.Rename(m.Path(temporary), m.Path(path))
}

// read reads a path through one of the three doors.
func (c *clash) read(r int, path string) {
	var data []byte
	var err error
	if r < len(c.mounts) {
		data, err = os.ReadFile(c.mounts[r].Path(path))
	} else {
		data, err = tryFetch(c.client, clashBucket, path, "")
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), minio.ToErrorResponse(err).Code == "NoSuchKey":
	case err != nil:
		c.t.Errorf("reader %d: %s: %v", r, path, err)
	case !isWhole(data):
		c.t.Errorf("reader %d: %s: %d bytes that nobody wrote: %.80q", r, path, len(data), data)
	}
}

// compare compares the end as all doors show it.
func (c *clash) compare() {
	want := keys(c.t, c.client, clashBucket, "dir/")
	if len(want) != clashPaths {
		c.t.Errorf("S3 lists %q", want)
	}
	for _, m := range c.mounts {
		entries, err := os.ReadDir(m.Path("dir"))
		if err != nil {
			c.t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, "dir/"+e.Name())
		}
		if !slices.Equal(got, want) {
			c.t.Errorf("a mount lists %q, S3 %q", got, want)
		}
		for _, path := range want {
			inMount, err := os.ReadFile(m.Path(path))
			byS3 := fetch(c.t, c.client, clashBucket, path, "")
			if err != nil || !bytes.Equal(inMount, byS3) || !isWhole(byS3) || !mayBeLast(byS3, path) {
				c.t.Errorf("%s: %d bytes in a mount, %d by S3 (%.22q), %v", path, len(inMount), len(byS3), byS3, err)
			}
		}
	}
}
