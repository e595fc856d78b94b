package pfs_test

import (
	"strings"
	"testing"

	"pfsd/pfs"
)

const someID = "00112233445566778899aabbccddeeff"

func TestParseRef(t *testing.T) {
	id, err := pfs.ParseCommitID(someID)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]pfs.Ref{
		"images":                       {Repo: "images", Name: "master"},
		"dev.images":                   {Repo: "images", Name: "dev"},
		"images@dev":                   {Repo: "images", Name: "dev"},
		"images~2":                     {Repo: "images", Name: "master", Committed: true, Up: 2},
		"master~0.images":              {Repo: "images", Name: "master", Committed: true},
		"master^.images":               {Repo: "images", Name: "master", Committed: true, Up: 1},
		"master^^^.images":             {Repo: "images", Name: "master", Committed: true, Up: 3},
		"master~3^2~.images":           {Repo: "images", Name: "master", Committed: true, Up: 6},
		"images@master^":               {Repo: "images", Name: "master", Committed: true, Up: 1},
		someID + ".images":             {Repo: "images", Commit: id},
		someID + "^2.images":           {Repo: "images", Commit: id, Committed: true, Up: 2},
		someID + ".dev.images":         {Repo: "images", Name: "dev", Commit: id},
		"A_b-9.r":                      {Repo: "r", Name: "A_b-9"},
		strings.Repeat("a", 63) + ".r": {Repo: "r", Name: strings.Repeat("a", 63)},
	} {
		got, err := pfs.ParseRef(in)
		if err != nil || got != want {
			t.Errorf("ParseRef(%q) = %+v, %v; want %+v", in, got, err, want)
		}
		if again, err := pfs.ParseRef(got.String()); err != nil || again != got {
			t.Errorf("%q is written %q, which is %+v (%v)", in, got, again, err)
		}
	}
}

func TestParseRefRefuses(t *testing.T) {
	for _, in := range []string{
		"", ".", "a.", ".a", "a..b", "a.b.c", "a.b.c.d", "-a", "a-", "_a", "a b", "a/b", "ä", someID, "r." + someID, "a~x.r",
		"~.r", "a~99999999999999999999.r", "a.b~1", strings.Repeat("a", 64), someID + "." + someID + ".r", "a@", "@a", "a@b@c",
	} {
		got, err := pfs.ParseRef(in)
		if pfs.KindOf(err) != pfs.KindInvalid {
			t.Errorf("ParseRef(%q) = %+v, %v", in, got, err)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"images": "", "images:": "", "images:/": "", "images:/a/b": "a/b", "images:a": "a", "images:/a/": "a",
		"master~3.images:/train/1.jpg": "train/1.jpg", "images@dev:/x:y": "x:y",
	} {
		if _, path, err := pfs.ParseAddress(in); err != nil || path != want {
			t.Errorf("ParseAddress(%q): path %q, %v; want %q", in, path, err, want)
		}
	}
	for _, in := range []string{"images://", "images:/a//b", "images:/../x", "images:/.", "images:a\x00b", ":/a"} {
		if _, path, err := pfs.ParseAddress(in); err == nil {
			t.Errorf("ParseAddress(%q): path %q", in, path)
		}
	}
}

func TestCheckPath(t *testing.T) {
	long := strings.Repeat("x", 255)
	for path, want := range map[string]pfs.Kind{
		"": 0, "a": 0, "a/b c/ü": 0, "...": 0, ".a": 0, long: 0, strings.Repeat("d/", 3999) + "dd": 0,
		"/": pfs.KindInvalid, "/a": pfs.KindInvalid, "a/": pfs.KindInvalid, "a//b": pfs.KindInvalid, ".": pfs.KindInvalid,
		"a/./b": pfs.KindInvalid, "a/..": pfs.KindInvalid, "a\x00": pfs.KindInvalid, "\xff": pfs.KindInvalid,
		long + "x": pfs.KindNameTooLong, "a/" + long + "x/b": pfs.KindNameTooLong,
		strings.Repeat("d/", 4000) + "d": pfs.KindNameTooLong,
	} {
		if got := pfs.KindOf(pfs.CheckPath(path)); got != want {
			t.Errorf("CheckPath(%.40q): %v, want %v", path, got, want)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"images", "master~3.images:/a/b", someID + "^.dev.images", "images@dev:/x", "a^~2.b:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		ref, path, err := pfs.ParseAddress(in)
		if err != nil {
			return
		}
		again, samePath, err := pfs.ParseAddress(ref.String() + ":/" + path)
		if err != nil || again != ref || samePath != path {
			t.Errorf("%q is %+v and %q; written again %+v and %q (%v)", in, ref, path, again, samePath, err)
		}
	})
}

func TestKindsHaveWords(t *testing.T) {
	for _, k := range pfs.Kinds() {
		if k.String() == "unknown error" || k.String() == "" {
			t.Errorf("kind %d has no words", k)
		}
	}
}

// A Ref with the id of all zeros would mean the branch as it is.
func TestNoCommitHasTheZeroID(t *testing.T) {
	zero := pfs.CommitID{}.String()
	for _, address := range []string{zero + ".images", zero + ".master.images", zero + "^.master.images"} {
		ref, err := pfs.ParseRef(address)
		if pfs.KindOf(err) != pfs.KindInvalid {
			t.Errorf("ParseRef(%q) = %+v, %v", address, ref, err)
		}
	}
	for _, version := range []string{zero, zero + "~1"} {
		ref, err := pfs.Ref{Repo: "images", Name: "master"}.At(version)
		if pfs.KindOf(err) != pfs.KindCommitNotFound {
			t.Errorf("At(%q) = %+v, %v", version, ref, err)
		}
	}
}
