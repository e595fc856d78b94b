package s3_test

import (
	"encoding/xml"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"pfsd/pfs"
	"pfsd/s3/checksum"
)

// partPage is the ObjectParts of GetObjectAttributes.
type partPage struct {
	PartsCount, PartNumberMarker, NextPartNumberMarker, MaxParts int
	IsTruncated                                                  bool
	Part                                                         []struct {
		PartNumber, Size int
		Sums             []struct {
			XMLName xml.Name
			Value   string `xml:",chardata"`
		} `xml:",any"`
	}
}

// attributes asks for the attributes of an object and returns its checksum by element, and a page of its parts.
func (s *server) attributes(path string, headers ...string) (map[string]string, *partPage) {
	s.t.Helper()
	a := s.want(200, "", "GET", path+"?attributes", "",
		append([]string{"x-amz-object-attributes", "Checksum,ObjectParts"}, headers...)...)
	got := decode[struct {
		Checksum struct {
			Sums []struct {
				XMLName xml.Name
				Value   string `xml:",chardata"`
			} `xml:",any"`
		}
		ObjectParts *partPage
	}](s.t, a)
	sums := map[string]string{}
	for _, sum := range got.Checksum.Sums {
		sums[sum.XMLName.Local] = sum.Value
	}
	return sums, got.ObjectParts
}

// The checksum of each part is kept and found again, as is that of the whole, however that is made of them.
func TestChecksumsOfParts(t *testing.T) {
	s := newServer(t)
	data := []string{bytesOf(1, 5*mib), bytesOf(2, 100)}
	for _, a := range checksum.Algorithms() {
		for _, kind := range []checksum.Type{checksum.Composite, checksum.FullObject} {
			if !a.Allows(kind) {
				continue
			}
			t.Run(fmt.Sprintf("%v %s", a, kind), func(t *testing.T) { s.testChecksumsOfParts(t, a, kind, data) })
		}
	}
}

func (s *server) testChecksumsOfParts(t *testing.T, a checksum.Algorithm, kind checksum.Type, data []string) {
	path := "/data/" + a.Key() + string(kind)
	id := s.create(path, "x-amz-checksum-algorithm", a.String(), "x-amz-checksum-type", string(kind))
	var etags []string
	var pieces []checksum.Part
	for i, part := range data {
		etags = append(etags, s.part(path, id, i+1, part, a.Header(), sumOf(a, part)))
		digest, _ := a.Decode(sumOf(a, part))
		pieces = append(pieces, checksum.Part{Digest: digest, Size: int64(len(part))})
	}
	s.want(200, "", "POST", path+"?uploadId="+id, completion(etags...))
	want := map[string]string{"Checksum" + a.String(): a.Join(kind, pieces), "ChecksumType": string(kind)}
	check := func() {
		t.Helper()
		sums, page := s.attributes(path)
		if !maps.Equal(sums, want) || page.PartsCount != len(data) || page.IsTruncated || len(page.Part) != len(data) {
			t.Fatalf("got %v %+v, want %v", sums, page, want)
		}
		for i, part := range page.Part {
			if part.PartNumber != i+1 || part.Size != len(data[i]) || len(part.Sums) != 1 ||
				part.Sums[0].XMLName.Local != "Checksum"+a.String() || part.Sums[0].Value != sumOf(a, data[i]) {
				t.Errorf("part %d: %+v", i+1, part)
			}
			for _, method := range []string{"HEAD", "GET"} {
				got := s.want(206, "", method, fmt.Sprintf("%s?partNumber=%d", path, i+1), "", "x-amz-checksum-mode", "enabled")
				if got.Header.Get(a.Header()) != sumOf(a, data[i]) || got.Header.Get("X-Amz-Mp-Parts-Count") != strconv.Itoa(len(data)) ||
					got.Header.Get("X-Amz-Checksum-Type") != string(kind) || method == "GET" && got.body != data[i] {
					t.Errorf("%s of part %d: %v", method, i+1, got.Header)
				}
			}
		}
	}
	check()
	head := s.want(200, "", "HEAD", path, "", "x-amz-checksum-mode", "ENABLED")
	if head.Header.Get(a.Header()) != a.Join(kind, pieces) || head.Header.Get("X-Amz-Checksum-Type") != string(kind) {
		t.Errorf("HEAD: %v", head.Header)
	}
	ranged := s.want(206, "", "GET", path, "", "x-amz-checksum-mode", "ENABLED", "Range", "bytes=0-9")
	if ranged.Header.Get(a.Header()) != "" {
		t.Errorf("a range has the checksum of the whole: %v", ranged.Header)
	}
	if got := s.want(200, "", "HEAD", path, "").Header.Get(a.Header()); got != "" {
		t.Errorf("not asked for: %s", got)
	}
	// Without what was kept the same comes out.
	_, err := s.store.Update(t.Context(), pfs.BranchRef("data", "master"), pfs.By{}, func(tx *pfs.Tx) error {
		return tx.Edit(strings.TrimPrefix(path, "/data/"), func(e *pfs.Entry) error {
			meta := *e.Meta
			meta.Headers = maps.Clone(meta.Headers)
			layout, _, found := strings.Cut(meta.Headers["x-amz-mp-layout"], " "+a.Key()+":")
			if !found {
				t.Errorf("layout %q", layout)
			}
			meta.Headers["x-amz-mp-layout"] = layout
			e.Meta = &meta
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	check()
}

func TestPartsArePaged(t *testing.T) {
	s := newServer(t)
	id := s.create("/data/k")
	part := bytesOf(1, 5*mib)
	var etags []string
	for number := range 4 {
		etags = append(etags, s.part("/data/k", id, number+1, part))
	}
	s.want(200, "", "POST", "/data/k?uploadId="+id, completion(etags...))
	for _, tc := range []struct {
		limit, marker string
		first, n      int
		truncated     bool
		next          int
	}{
		{"", "", 1, 4, false, 4}, {"1", "2", 3, 1, true, 3}, {"10", "2", 3, 2, false, 4}, {"2", "", 1, 2, true, 2},
		{"0", "", 0, 0, true, 0}, {"5", "4", 0, 0, false, 4}, {"99999", "0", 1, 4, false, 4},
	} {
		_, page := s.attributes("/data/k", "x-amz-max-parts", tc.limit, "x-amz-part-number-marker", tc.marker)
		if page.PartsCount != 4 || len(page.Part) != tc.n || page.IsTruncated != tc.truncated ||
			page.NextPartNumberMarker != tc.next || tc.n > 0 && page.Part[0].PartNumber != tc.first {
			t.Errorf("limit %q, marker %q: %+v", tc.limit, tc.marker, page)
		}
	}
	for _, header := range []string{"x-amz-max-parts", "x-amz-part-number-marker"} {
		s.want(400, "InvalidArgument", "GET", "/data/k?attributes", "", "x-amz-object-attributes", "ObjectParts", header, "-1")
	}
	s.put("/data/whole", "x")
	if _, page := s.attributes("/data/whole"); page != nil {
		t.Errorf("parts of what has none: %+v", page)
	}
}
