package tree

import (
	"testing"

	"lukechampine.com/blake3"
)

func TestHashOf(t *testing.T) {
	data := make([]byte, 40_000)
	for i := range data {
		data[i] = byte(i * 7919 >> 3)
	}
	for n := 0; n <= len(data); n += 1 + n/100 {
		if got, want := hashOf(data[:n]), blake3.Sum256(data[:n]); got != want {
			t.Fatalf("hash of %d bytes: %v, want %x", n, got, want)
		}
	}
	for _, n := range []int{1023, 1024, 1025, 2048, 8192, 16383, 16384, 16385} {
		if got, want := hashOf(data[:n]), blake3.Sum256(data[:n]); got != want {
			t.Fatalf("hash of %d bytes: %v, want %x", n, got, want)
		}
	}
}
