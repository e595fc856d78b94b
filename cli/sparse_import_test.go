package cli

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pfsd/cli/internal/control"
)

// statOf returns what stat says of a file.
func statOf(t *testing.T, data, address string) control.Entry {
	t.Helper()
	var e control.Entry
	if err := json.Unmarshal([]byte(ok(t, data, "", "stat", "--json", address)), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// sparseFile makes a file with bytes at some offsets and holes between these.
func sparseFile(t *testing.T, name string, size int64, at map[int64]string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for off, text := range at {
		if _, err := file.WriteAt([]byte(text), off); err != nil {
			t.Fatal(err)
		}
	}
}

// TestImportSparse imports what GNU tar makes of sparse files in each of its formats. The bytes are those of the files, and of a
// hole nothing is sent.
func TestImportSparse(t *testing.T) {
	gnu, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("no tar: install GNU tar")
	}
	data, local := newHost(t), t.TempDir()
	ok(t, data, "", "repo", "create", "r")
	many := map[int64]string{}
	for i := range int64(200) {
		many[i*100_000+7] = fmt.Sprint("piece ", i)
	}
	sparseFile(t, filepath.Join(local, "many"), 30_000_001, many)
	sparseFile(t, filepath.Join(local, "begins"), 5_000_000, map[int64]string{0: "x"})
	sparseFile(t, filepath.Join(local, "ends"), 3<<20+5, map[int64]string{3 << 20: "12345"})
	sparseFile(t, filepath.Join(local, "hole"), 1<<20, nil)
	sparseFile(t, filepath.Join(local, "huge"), 2<<40+3, map[int64]string{1 << 40: "in the middle"})
	if err := os.WriteFile(filepath.Join(local, "plain"), bytes.Repeat([]byte("plain"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"many", "begins", "ends", "hole", "huge", "plain"}
	for _, format := range [][]string{
		{"--format=gnu"},
		{"--format=pax", "--sparse-version=0.0"}, {"--format=pax", "--sparse-version=0.1"}, {"--format=pax", "--sparse-version=1.0"},
	} {
		archive := filepath.Join(local, "a.tar")
		args := append(append([]string{"-S", "-C", local, "-cf", archive}, format...), names...)
		if out, err := exec.Command(gnu, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		dir := strings.Join(format, "")
		before := moved(t, data)
		ok(t, data, "", "import", archive, "r:/"+dir)
		// Zeros that fill no unit of a hole are read, which are all of one file.
		if got := moved(t, data).In - before.In; got > 40<<20 {
			t.Errorf("%s: %d bytes were sent", dir, got)
		}
		for _, name := range names {
			info, err := os.Stat(filepath.Join(local, name))
			if err != nil {
				t.Fatal(err)
			}
			e := statOf(t, data, "r:/"+dir+"/"+name)
			want := statOf(t, data, "r:/--format=gnu/"+name).ETag
			if name != "huge" {
				file, err := os.Open(filepath.Join(local, name))
				if err != nil {
					t.Fatal(err)
				}
				want, err = hashOf(file, info.Size())
				file.Close()
				if err != nil {
					t.Fatal(err)
				}
			}
			if e.Size != info.Size() || e.ETag != want {
				t.Errorf("%s/%s: %d bytes that hash to %s, want %d, %s", dir, name, e.Size, e.ETag, info.Size(), want)
			}
		}
	}
}

// block returns a header of an archive with its sum.
func block(kind byte, name, size string, more func(b []byte)) []byte {
	b := make([]byte, blockSize)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x00")
	copy(b[124:], size)
	copy(b[136:], "00000000000\x00        ")
	b[156] = kind
	copy(b[257:], "ustar  \x00")
	if more != nil {
		more(b)
	}
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// records returns a header of an archive with PAX records.
func records(pairs ...string) []byte {
	var text []byte
	for i := 0; i < len(pairs); i += 2 {
		rest := " " + pairs[i] + "=" + pairs[i+1] + "\n"
		n := len(rest)
		for n != len(fmt.Sprint(n))+len(rest) {
			n = len(fmt.Sprint(n)) + len(rest)
		}
		text = fmt.Append(text, n, rest)
	}
	b := block(tar.TypeXHeader, "PaxHeaders/bad", fmt.Sprintf("%011o\x00", len(text)), pax)
	return append(b, append(text, make([]byte, -len(text)&(blockSize-1))...)...)
}

// pax makes a header one of PAX.
func pax(b []byte) { copy(b[257:], "ustar\x0000") }

// old puts ranges and a size into a header of GNU tar.
func old(size string, ranges ...string) func([]byte) {
	return func(b []byte) {
		for i, r := range ranges {
			copy(b[oldMap+i*rangeSize/2:], r)
		}
		copy(b[483:], size)
	}
}

// TestImportBadMaps imports archives whose maps of holes are not right. Nothing comes of them, and their entry is named.
func TestImportBadMaps(t *testing.T) {
	data := newHost(t)
	ok(t, data, "", "repo", "create", "r")
	record := func(size, ranges string, bytes int) []byte {
		return append(records("GNU.sparse.major", "0", "GNU.sparse.minor", "1", "GNU.sparse.name", "bad", "GNU.sparse.size", size,
			"GNU.sparse.map", ranges), block(tar.TypeReg, "bad", fmt.Sprintf("%011o\x00", bytes), pax)...)
	}
	front := func(size, ranges string, bytes int) []byte {
		b := append(records("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", "bad", "GNU.sparse.realsize", size),
			block(tar.TypeReg, "bad", fmt.Sprintf("%011o\x00", bytes+blockSize), pax)...)
		return append(b, append([]byte(ranges), make([]byte, blockSize-len(ranges))...)...)
	}
	const tooMany = "99999999"
	huge := "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"
	for name, archive := range map[string][]byte{
		"8 EiB of holes":           block(tar.TypeGNUSparse, "bad", "00000000000\x00", old(huge, huge, "00000000000")),
		"8 EiB in a record":        record("9223372036854775807", "9223372036854775807,0", 0),
		"8 EiB in front":           front("9223372036854775807", "1\n9223372036854775807\n0\n", 0),
		"a little over 50 TiB":     record("54975581388801", "54975581388801,0", 0),
		"overlapping":              record("1000", "0,10,5,10", 20),
		"descending":               record("1000", "500,10,0,10", 20),
		"beyond the size":          record("1000", "995,10", 10),
		"negative":                 record("1000", "-5,10", 10),
		"a negative size":          record("1000", "5,-10", 0),
		"an odd number":            record("1000", "5", 0),
		"no number":                record("1000", "a,b", 0),
		"more bytes than a map":    record("1000", "0,10", 20),
		"fewer bytes than a map":   record("1000", "0,20", 10),
		"more lines than there":    front("1000", "3\n0\n1\n", 1),
		"too many lines":           front("1000", tooMany+"\n0\n1\n", 1),
		"more bytes than in front": front("1000", "1\n0\n10\n", 20),
		"old, overlapping":         block(tar.TypeGNUSparse, "bad", "00000000024\x00", old("00000001750", "00000000000", "00000000012", "00000000005", "00000000012")),
		"old, more bytes":          block(tar.TypeGNUSparse, "bad", "00000000024\x00", old("00000001750", "00000000000", "00000000012")),
		"cut off in the bytes":     append(block(tar.TypeGNUSparse, "bad", "00000002000\x00", old("00000010000", "00000000000", "00000002000")), make([]byte, 100)...),
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.HasPrefix(name, "cut off") {
				archive = append(archive, make([]byte, 4*blockSize)...)
			}
			got := pfsd(t, data, string(archive), "import", "-", "r")
			if got.code != 1 || !strings.Contains(got.stderr, "bad") {
				t.Errorf("exit code %d: %s", got.code, got.stderr)
			}
		})
	}
	if got := ok(t, data, "", "ls", "r"); got != "" {
		t.Errorf("there is %s", got)
	}
}
