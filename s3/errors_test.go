package s3

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pfsd/pfs"
	"pfsd/s3/sigv4"
)

func TestEveryKindIsAnS3Error(t *testing.T) {
	for _, kind := range pfs.Kinds() {
		c, ok := kindCodes[kind]
		if !ok {
			t.Errorf("%v has no S3 error", kind)
		}
		if _, ok := codes[c]; !ok {
			t.Errorf("%v is %s, which has no row", kind, c)
		}
	}
	if len(kindCodes) != len(pfs.Kinds()) {
		t.Errorf("%d rows for %d kinds", len(kindCodes), len(pfs.Kinds()))
	}
}

func TestEverySignatureErrorIsAnS3Error(t *testing.T) {
	for _, code := range sigv4.Codes() {
		if _, ok := codes[signatureCodes[code]]; !ok {
			t.Errorf("signature error %d has no S3 error", code)
		}
	}
}

func TestErrorOf(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want code
	}{
		{"of the core", &pfs.Error{Kind: pfs.KindNoSpace}, codeInsufficientStorage},
		{"wrapped", fmt.Errorf("x: %w", &pfs.Error{Kind: pfs.KindFileNotFound}), codeNoSuchKey},
		{"of its own", fail(codeInvalidPart), codeInvalidPart},
		{"of a context", context.Canceled, codeClientGone},
		{"of a signature", &sigv4.Error{Code: sigv4.Skewed}, codeRequestTimeTooSkewed},
		{"any other", errors.New("x"), codeInternalError},
	} {
		if got := apiErrorOf(tc.err).code; got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
