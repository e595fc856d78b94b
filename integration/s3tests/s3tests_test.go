// Package s3tests_test runs the public conformance suite ceph/s3-tests, when it is given a checkout of it, and compares what
// does not pass with the table in DESIGN.md, which has a reason for each.
package s3tests_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

// pinned is the commit of the suite that the table in DESIGN.md is about.
const pinned = "8f0ae7b404a3a2fcf7038bf1e6bf29544fe9b6a3"

// Marks of tests about what pfsd does not have, and says so: none of them is run.
var otherMarks = []string{"bucket_logging", "bucket_logging_cleanup", "encryption", "sse_s3", "bucket_encryption", "lifecycle",
	"lifecycle_expiration", "lifecycle_transition", "cloud_transition", "cloud_restore", "storage_class", "bucket_policy",
	"s3website", "iam_user", "iam_account", "sns", "appendobject"}

// Names of such tests without a mark.
const otherNames = "object_lock or torrent or usage"

// config is the suite's configuration. It wants several accounts; here all are one.
const config = `[DEFAULT]
host = 127.0.0.1
port = %s
is_secure = False
ssl_verify = False
[fixtures]
bucket prefix = t-{random}-
[s3 main]
%[2]s
api_name =
[s3 alt]
%[2]s
[s3 tenant]
%[2]s
tenant = testx
[iam]
%[2]s
[iam root]
%[2]s
[iam alt root]
%[2]s
`

const account = `display_name = pfsd
user_id = 0000000000000000000000000000000000000000000000000000000000000000
email = tester@example.org
access_key = %s
secret_key = %s`

// TestConformance runs the suite in the checkout that PFSD_S3TESTS names, with the Python that PFSD_S3TESTS_PYTHON names
// (python3 otherwise), which must have what requirements.txt of the suite lists. It takes a quarter of an hour.
func TestConformance(t *testing.T) {
	checkout := os.Getenv("PFSD_S3TESTS")
	if checkout == "" {
		t.Skip("PFSD_S3TESTS names no checkout of ceph/s3-tests")
	}
	if head := git(t, checkout, "rev-parse", "HEAD"); head != pinned {
		t.Fatalf("%s is at %s, not at %s", checkout, head, pinned)
	}
	excused := excuses(t)
	for name, result := range results(t, checkout) {
		switch {
		case result != "PASSED" && !excused[name]:
			t.Errorf("%s: %s, and DESIGN.md does not say why", name, result)
		case result == "PASSED" && excused[name]:
			t.Errorf("%s passes, and DESIGN.md says that it does not", name)
		}
		delete(excused, name)
	}
	for name := range excused {
		t.Errorf("%s is in DESIGN.md and was not run", name)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

var testName = regexp.MustCompile("`(test_[a-z0-9_]+)`")

// excuses returns the tests that the table in DESIGN.md names: those in the section about the suite.
func excuses(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), "DESIGN.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, match := range testName.FindAllStringSubmatch(string(text), -1) {
		names[match[1]] = true
	}
	if len(names) == 0 {
		t.Fatal("DESIGN.md names no tests of the suite")
	}
	return names
}

var resultLine = regexp.MustCompile(`(?m)^(PASSED|FAILED|ERROR|SKIPPED) s3tests/functional/\w+\.py::(\w+)`)

// results runs the suite and returns what became of each test. One that fails to clean up has not passed.
func results(t *testing.T, checkout string) map[string]string {
	t.Helper()
	s := harness.New(t)
	door := s.KeyedS3(nil)
	_, port, _ := strings.Cut(door.Host, ":")
	file := filepath.Join(s.Dir, "s3tests.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, port, fmt.Sprintf(account, door.Key, door.Secret)), 0o600); err != nil {
		t.Fatal(err)
	}
	python := os.Getenv("PFSD_S3TESTS_PYTHON")
	if python == "" {
		python = "python3"
	}
	cmd := s.Command(python, "-m", "pytest", "-q", "-rA", "--tb=no", "-p", "no:cacheprovider",
		"-m", "not "+strings.Join(otherMarks, " and not "), "-k", "not ("+otherNames+")",
		"s3tests/functional/test_s3.py", "s3tests/functional/test_headers.py")
	cmd.Dir = checkout
	cmd.Env = append(cmd.Env, "S3TEST_CONF="+file, "PYTHONPATH="+os.Getenv("PYTHONPATH"))
	out := s.Result(cmd)
	found := map[string]string{}
	for _, match := range resultLine.FindAllStringSubmatch(out.Stdout, -1) {
		if found[match[2]] == "" || match[1] != "PASSED" {
			found[match[2]] = match[1]
		}
	}
	if len(found) == 0 {
		t.Fatalf("pytest ran nothing: exit code %d\n%.4000s%.4000s", out.Code, out.Stdout, out.Stderr)
	}
	return found
}
