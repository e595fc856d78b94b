package harness

import (
	crand "crypto/rand"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Seed returns the seed of a random test: $PFSD_SEED, or a fresh one. It is printed, so that a failure can be replayed.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("PFSD_SEED"), 10, 64)
	if err != nil {
		var b [8]byte
		_, _ = crand.Read(b[:])
		seed = binary.LittleEndian.Uint64(b[:])
	}
	t.Logf("replay with PFSD_SEED=%d", seed)
	return seed
}

// Rand returns a source of random choices.
func Rand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// Noise returns n random bytes that follow from the seed, as a stream.
func Noise(seed uint64, n int64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return io.LimitReader(rand.NewChaCha8(key), n)
}

// Bytes returns n random bytes that follow from the seed.
func Bytes(seed uint64, n int) []byte {
	p := make([]byte, n)
	_, _ = io.ReadFull(Noise(seed, int64(n)), p)
	return p
}

// Full reports whether the large runs were asked for, with PFSD_FULL=1.
func Full() bool { return os.Getenv("PFSD_FULL") == "1" }
