package pfs_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// flipDir is the environment variable that makes the test binary try damaged copies of the store in that directory, from the
// trial on that flipFrom names.
const (
	flipDir   = "PFSD_TEST_FLIP"
	flipFrom  = "PFSD_TEST_FLIP_FROM"
	flipCount = "PFSD_TEST_FLIP_COUNT"
	// flipUnclean ends the name of the directory of a store that was not closed.
	flipUnclean = "unclean"
	flipSeed    = 31
)

// flipTrials is how many bytes are damaged, one after the other.
func flipTrials() int {
	if os.Getenv("PFSD_TEST_FULL") != "" {
		return 1000
	}
	return 100
}

// flipFiles are the files of the store that is damaged: of all sorts and sizes.
func flipFiles() map[string][]byte {
	files := map[string][]byte{"large": noise(7, 900<<10), "dir/holes": make([]byte, 1<<20)}
	copy(files["dir/holes"][300<<10:], noise(8, 90<<10))
	for i := range 40 {
		files[fmt.Sprintf("dir/sub%d/small%d", i%3, i)] = noise(uint64(20+i), 100+i*700)
	}
	return files
}

// TestFlips inverts one byte, or one bit, at a time of a store that was closed in order: it does not matter, or is reported, or the store
// refuses to open and names the file. Never are other bytes read than were written, nor does the process end.
func TestFlips(t *testing.T) {
	if dir := os.Getenv(flipDir); dir != "" {
		runFlips(t, dir)
		return
	}
	t.Parallel()
	dir := t.TempDir()
	s := makeFlipStore(t, dir)
	noError(t, s.Close())
	runFlipTrials(t, dir, flipTrials())
}

// TestFlipsUnclean does so to a store that was not closed: then what was written last may be gone, too.
func TestFlipsUnclean(t *testing.T) {
	dir := t.TempDir()
	s := makeFlipStore(t, dir)
	left := filepath.Join(t.TempDir(), flipUnclean)
	noError(t, os.CopyFS(left, os.DirFS(dir)))
	noError(t, s.Close())
	runFlipTrials(t, left, flipTrials()/8)
}

func makeFlipStore(t *testing.T, dir string) *pfs.Store {
	t.Helper()
	s := pfstest.OpenDisk(t, dir)
	makeRepo(t, s, "r")
	for path, data := range flipFiles() {
		putFile(t, s, pfs.BranchRef("r", "master"), path, data)
	}
	return s
}

// runFlipTrials has child processes make trials, the next one going on where the last has ended.
func runFlipTrials(t *testing.T, dir string, trials int) {
	t.Helper()
	self, err := os.Executable()
	noError(t, err)
	outcomes := map[string]int{}
	for next := 0; next < trials; {
		cmd := exec.Command(self, "-test.run=^TestFlips$", "-test.v")
		cmd.Env = append(os.Environ(), flipDir+"="+dir, flipFrom+"="+strconv.Itoa(next),
			flipCount+"="+strconv.Itoa(trials))
		out, err := cmd.CombinedOutput()
		what, told := "", ""
		for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
			switch word, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), " "); word {
			case "trial":
				what = rest
				next++
			case "outcome":
				outcomes[rest]++
				what = ""
			case "":
			default:
				told += what + ": " + lines.Text() + "\n"
			}
		}
		if what != "" || err != nil {
			t.Fatalf("the process ended in trial %d, %s: %v\n%s", next-1, what, err, told[max(0, len(told)-8000):])
		}
	}
	t.Logf("seed %d: %v", flipSeed, outcomes)
	if outcomes["refused"]+outcomes["reported"] == 0 {
		t.Error("no damage was noticed at all")
	}
}

// runFlips makes the trials from the one that the environment names on.
func runFlips(t *testing.T, dir string) {
	first, err := strconv.Atoi(os.Getenv(flipFrom))
	noError(t, err)
	trials, err := strconv.Atoi(os.Getenv(flipCount))
	noError(t, err)
	var names []string
	noError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != "RESERVE" {
			names = append(names, path)
		}
		return err
	}))
	want := flipFiles()
	for i := first; i < trials; i++ {
		rng := rand.New(rand.NewPCG(flipSeed, uint64(i)))
		name := names[i%len(names)]
		info, err := os.Stat(name)
		noError(t, err)
		if info.Size() == 0 {
			fmt.Printf("trial %d\noutcome empty\n", i)
			continue
		}
		at := rng.Int64N(info.Size())
		if filepath.Ext(name) == ".mem" { // of which the most part is not in use
			at %= min(info.Size(), 300<<10)
		}
		if rng.IntN(2) == 0 { // the beginnings and ends of files are more interesting
			at = []int64{at % min(64, info.Size()), info.Size() - 1 - at%min(200, info.Size())}[rng.IntN(2)]
		}
		mask := byte(0xff)
		if rng.IntN(2) == 0 { // a length that is a little too large is another matter than one that is far too large
			mask = 1 << rng.IntN(8)
		}
		fmt.Printf("\ntrial %d of %s at %d of %d: %02x\n", i, name[len(dir):], at, info.Size(), mask)
		fmt.Printf("\noutcome %s\n", tryFlip(t, dir, name, at, mask, want))
	}
}

// tryFlip returns what comes of a store of which one byte is inverted, in the bits of mask.
func tryFlip(t *testing.T, dir, name string, at int64, mask byte, want map[string][]byte) string {
	copied := t.TempDir()
	noError(t, os.CopyFS(copied, os.DirFS(dir)))
	hurt := filepath.Join(copied, name[len(dir):])
	b, err := os.ReadFile(hurt)
	noError(t, err)
	b[at] ^= mask
	noError(t, os.WriteFile(hurt, b, 0o600))
	opts := pfstest.Options(t)
	opts.Log = nil
	s, err := pfs.Open(ctx, copied, opts)
	if err != nil {
		if !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("the error does not name the file %s: %v", filepath.Base(name), err)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has several lines: %v", err)
		}
		return "refused"
	}
	defer s.Close()
	problems := 0
	report, err := s.Check(ctx, pfs.CheckOptions{Deep: true})
	if err != nil {
		problems++
	} else {
		problems += len(report.Problems)
	}
	right, failed := 0, 0
	snap, err := s.Snapshot(ctx, pfs.BranchRef("r", "master"))
	if err != nil {
		failed = len(want)
	} else {
		right, failed = compareFlipped(t, snap, want)
	}
	switch {
	case problems > 0:
		return "reported"
	case failed+len(want)-right > 0 && filepath.Base(dir) == flipUnclean && filepath.Ext(name) == ".mem":
		return "rolled back"
	case failed > 0:
		t.Errorf("%d of %d files cannot be read, and the check finds nothing: %v", failed, len(want), err)
	case right != len(want):
		t.Errorf("%d of %d files are there, and the check finds nothing", right, len(want))
	}
	return "irrelevant"
}

// compareFlipped counts the files that have the bytes that they should have, and those that cannot be read. Wrong bytes
// fail the test.
func compareFlipped(t *testing.T, snap *pfs.Snapshot, want map[string][]byte) (right, failed int) {
	for path, data := range want {
		f, err := snap.Open(ctx, path)
		if err != nil {
			failed++
			continue
		}
		got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		switch {
		case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
			failed++
		case !bytes.Equal(got, data):
			t.Errorf("%s has other bytes", path)
		default:
			right++
		}
	}
	return right, failed
}
