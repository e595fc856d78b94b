package contract_test

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"

	"pfsd/integration/harness"
)

const mib = 1 << 20

func writeSentences() []sentence {
	return []sentence{
		{"PutOfAnySizeStreams", putAnySize},
		{"PutIsAnAtomicCommit", putIsACommit},
		{"ContentMD5IsVerified", contentMD5},
		{"PutConditions", putConditions},
		{"OneOfAHundredRacingWritersWins", racingWriters},
		{"KeysEndingInASlashAreDirectories", directoryKeys},
		{"HugePut", hugePut},
	}
}

func putAnySize(d *door) {
	d.make()
	for _, size := range []int{0, 1, 32 << 10, 5 * mib} {
		data := strings.Repeat("a", size)
		d.put("k", data)
		d.is(fmt.Sprint("of ", size), d.get("k") == data, true)
	}
	// Without a length, in chunks of the transfer.
	a, err := d.try("PUT", d.path("chunked"), struct{ io.Reader }{strings.NewReader("hello")})
	if err != nil || a.status != 200 {
		d.Fatalf("chunked: %v %v", a, err)
	}
	d.is("chunked", d.get("chunked"), "hello")
}

func putIsACommit(d *door) {
	d.make()
	before := d.commits()
	first := d.put("k", "1")
	d.put("k", "2")
	d.is("commits", d.commits()-before, 2)
	d.is("overwritten", d.get("k")+d.get("k?versionId="+first), "21")
	d.put("k", "2")
	d.is("commits, with an identical one", d.commits()-before, 3)
}

func contentMD5(d *door) {
	d.make()
	sum := md5.Sum([]byte("hello"))
	d.put("k", "hello", "Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	d.want(400, "BadDigest", "PUT", d.path("k"), "other", "Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	d.want(400, "InvalidDigest", "PUT", d.path("k"), "other", "Content-MD5", "x")
	d.is("the object", d.get("k"), "hello")
}

func putConditions(d *door) {
	d.make()
	d.put("k", "1", "If-None-Match", "*")
	d.want(412, "PreconditionFailed", "PUT", d.path("k"), "2", "If-None-Match", "*")
	d.put("k", "2", "If-Match", etagOf("1"))
	d.want(412, "PreconditionFailed", "PUT", d.path("k"), "3", "If-Match", etagOf("1"))
	d.want(404, "NoSuchKey", "PUT", d.path("missing"), "3", "If-Match", etagOf("1"))
	d.is("the object", d.get("k"), "2")
}

func racingWriters(d *door) {
	d.make()
	// Every writer writes other bytes than all others: one that wrote those that are there would leave the ETag as it is.
	race := func(round string, headers ...string) (winners int) {
		var wg sync.WaitGroup
		answers := make([]answer, 100)
		for i := range answers {
			wg.Go(func() {
				var err error
				if answers[i], err = d.try("PUT", d.path("k"), strings.NewReader(fmt.Sprint(round, i)), headers...); err != nil {
					d.Error(err)
				}
			})
		}
		wg.Wait()
		for _, a := range answers {
			switch {
			case a.status == 200:
				winners++
			case a.code() != "PreconditionFailed":
				d.Errorf("%d %s", a.status, a.body)
			}
		}
		return winners
	}
	d.is("winners of If-None-Match", race("first ", "If-None-Match", "*"), 1)
	d.is("winners of If-Match", race("second ", "If-Match", etagOf(d.get("k"))), 1)
}

func directoryKeys(d *door) {
	d.make()
	d.put("a/b/", "")
	a := d.want(200, "", "GET", d.path("a/b/"), "")
	d.is("as an object", a.body+a.Get("Content-Type"), "application/x-directory")
	d.want(400, "InvalidArgument", "PUT", d.path("c/"), "x")
	d.want(404, "NoSuchKey", "GET", d.path("a/b"), "")
}

// hugePut stores more than S3 takes in one PUT.
func hugePut(d *door) {
	size := int64(64 * mib)
	if full() {
		size = 6 << 30
	}
	d.make()
	a, err := d.try("PUT", d.path("k"), harness.Noise(1, size))
	if err != nil || a.status != 200 {
		d.Fatalf("%v %v", a, err)
	}
	d.is("size", d.want(200, "", "HEAD", d.path("k"), "").Get("Content-Length"), size)
	tail := d.want(206, "", "GET", d.path("k"), "", "Range", fmt.Sprintf("bytes=%d-", size-10)).body
	noise := harness.Noise(1, size)
	if _, err := io.CopyN(io.Discard, noise, size-10); err != nil {
		d.Fatal(err)
	}
	want, err := io.ReadAll(noise)
	if err != nil || tail != string(want) {
		d.Errorf("its end is %x, want %x (%v)", tail, want, err)
	}
}
