package integration_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"pfsd/integration/harness"
)

// TestKeys starts the door with a key pair: only requests that are signed with it are answered.
func TestKeys(t *testing.T) {
	s := harness.New(t)
	s.Pfsd("repo", "create", "keys")
	door := s.S3("--access-key", "AKIDEXAMPLE", "--secret-key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	right := door.ClientOf(t, "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	upload(t, right, "master.keys", "file", strings.NewReader("bytes"), 5)
	if got := fetch(t, right, "master.keys", "file", ""); string(got) != "bytes" {
		t.Errorf("the file is %q", got)
	}
	for _, c := range []struct{ name, key, secret, code string }{
		{"another key", "AKIDOTHER", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "InvalidAccessKeyId"},
		{"another secret", "AKIDEXAMPLE", "other", "SignatureDoesNotMatch"},
	} {
		wrong := door.ClientOf(t, c.key, c.secret)
		_, err := wrong.ListObjects("master.keys", "", "", "", 10)
		if code := minio.ToErrorResponse(err).Code; code != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
		if err := storeS3(wrong, "master.keys", "file", []byte("other")); minio.ToErrorResponse(err).Code != c.code {
			t.Errorf("%s: PUT: %v, want %s", c.name, err, c.code)
		}
	}
	answer, err := http.Get(door.URL + "/master.keys/file")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a request without signature: %s", answer.Status)
	}
	if _, err := right.StatObject(context.Background(), "master.keys", "file", minio.StatObjectOptions{}); err != nil {
		t.Error(err)
	}
}

// TestLoopbackOnly sees that a door without keys does not listen to the world.
func TestLoopbackOnly(t *testing.T) {
	s := harness.New(t)
	p := s.Start("s3", "--addr", "0.0.0.0:0")
	if code := p.Wait(); code == 0 || p.Stderr() == "" {
		t.Errorf("without keys, on all addresses: exit code %d\n%s", code, p.Stderr())
	}
}
