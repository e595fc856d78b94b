// Package contract_test checks the contract of the S3 door against the built program, sentence by sentence: each subtest of
// TestContract is one of them, and the table in section 9 of DESIGN.md says which. PFSD_FULL=1 asks for the large runs.
package contract_test

import (
	"os"
	"strings"
	"testing"

	"pfsd/integration/harness"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Remove()
	os.Exit(code)
}

// sentence is a test of one sentence.
type sentence struct {
	name string
	test func(*door)
}

// sentences returns all of them, in the order of the contract.
func sentences() []sentence {
	var all []sentence
	for _, some := range [][]sentence{
		bucketSentences(), listSentences(), versionSentences(), readSentences(), writeSentences(), deleteSentences(),
		copySentences(), uploadSentences(), routeSentences(),
	} {
		all = append(all, some...)
	}
	return all
}

// TestContract runs all sentences against one program that serves one store.
func TestContract(t *testing.T) {
	s := harness.New(t)
	plain := s.S3()
	object := s.S3("--last-modified=object")
	for _, sentence := range sentences() {
		t.Run(sentence.name, func(t *testing.T) {
			sentence.test(&door{T: t, store: s, process: plain.Process, url: plain.URL, objectURL: object.URL,
				bucket: strings.ToLower(sentence.name)})
		})
	}
}
