package checksum_test

import (
	"math/rand/v2"
	"testing"

	"pfsd/s3/checksum"
)

// The digests of "123456789" are the check values of the CRC catalogue and of FIPS 180, and what md5sum and xxhsum print.
func TestDigests(t *testing.T) {
	want := map[checksum.Algorithm]string{
		checksum.SHA512:    "2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/+hQ==",
		checksum.MD5:       "JfnnlDI7RTiF9RgfG2JNCw==",
		checksum.XXHASH64:  "jLhB20DmroM=",
		checksum.XXHASH3:   "ctyxi2ehff8=",
		checksum.XXHASH128: "MxGUd+3l3NXpcWQnaB1YYA==",
		checksum.CRC32:     "y/Q5Jg==",
		checksum.CRC32C:    "4waSgw==",
		checksum.CRC64NVME: "rosUhgp5mIg=",
		checksum.SHA1:      "98O8HYCOBHMq32eZZczDTKeuNEE=",
		checksum.SHA256:    "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
	}
	for _, a := range checksum.Algorithms() {
		h := a.New()
		h.Write([]byte("123456789"))
		digest := h.Sum(nil)
		if len(digest) != a.Size() {
			t.Errorf("%v: %d bytes, Size is %d", a, len(digest), a.Size())
		}
		got := checksum.Encode(digest)
		if got != want[a] {
			t.Errorf("%v: got %s, want %s", a, got, want[a])
		}
		if _, ok := a.Decode(got); !ok {
			t.Errorf("%v: own digest does not decode", a)
		}
	}
}

func TestNames(t *testing.T) {
	for _, a := range checksum.Algorithms() {
		for _, name := range []string{a.String(), a.Key()} {
			if got, ok := checksum.Parse(name); !ok || got != a {
				t.Errorf("Parse(%q) = %v, %v", name, got, ok)
			}
		}
		if got, ok := checksum.ParseHeader("X-Amz-Checksum-" + a.String()); !ok || got != a {
			t.Errorf("ParseHeader of %v = %v, %v", a, got, ok)
		}
	}
	for _, name := range []string{"", "adler", "x-amz-checksum-", "x-amz-checksum-mode", "x-amz-checksum-type"} {
		if a, ok := checksum.ParseHeader(name); ok {
			t.Errorf("ParseHeader(%q) = %v", name, a)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, s := range []string{"", "AAAA", "not base64!", "y/Q5Jg", "y/Q5Jg==\n", "98O8HYCOBHMq32eZZczDTKeuNEE="} {
		if _, ok := checksum.CRC32.Decode(s); ok {
			t.Errorf("Decode(%q) was accepted", s)
		}
	}
}

func TestFullObjectOfParts(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	for _, a := range checksum.Algorithms() {
		if !a.IsCRC() {
			continue
		}
		whole := a.New()
		var parts []checksum.Part
		for i := range 20 {
			data := make([]byte, random.IntN(1+i*i*300))
			for j := range data {
				data[j] = byte(random.Uint32())
			}
			whole.Write(data)
			h := a.New()
			h.Write(data)
			parts = append(parts, checksum.Part{Digest: h.Sum(nil), Size: int64(len(data))})
		}
		if got, want := a.Join(checksum.FullObject, parts), checksum.Encode(whole.Sum(nil)); got != want {
			t.Errorf("%v: joined %s, whole %s (seed %d)", a, got, want, seed)
		}
	}
}

func TestComposite(t *testing.T) {
	h := checksum.SHA256.New()
	digest := h.Sum(nil)
	got := checksum.SHA256.Join(checksum.Composite, []checksum.Part{{Digest: digest}, {Digest: digest}})
	outer := checksum.SHA256.New()
	outer.Write(digest)
	outer.Write(digest)
	if want := checksum.Encode(outer.Sum(nil)) + "-2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAllowedTypes(t *testing.T) {
	for _, a := range checksum.Algorithms() {
		if !a.Allows(a.DefaultType()) {
			t.Errorf("%v does not allow its default", a)
		}
		if got := a.Allows(checksum.FullObject); got != a.IsCRC() {
			t.Errorf("%v allows a full-object checksum: %v", a, got)
		}
		if a.Allows("OTHER") {
			t.Errorf("%v allows a type that there is not", a)
		}
	}
}
