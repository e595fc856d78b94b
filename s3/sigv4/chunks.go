package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Chunks signs the chunks of an aws-chunked body, each signature on the one before, the first on the request's own. It is
// not safe for concurrent use.
type Chunks struct {
	key         []byte
	time, scope string
	previous    string
}

// Chunk returns the signature of the next chunk, by the SHA-256 of its data, in hex.
func (c *Chunks) Chunk(digest [sha256.Size]byte) string {
	return c.next(algorithm+"-PAYLOAD", hexSHA256(nil), hex.EncodeToString(digest[:]))
}

// Trailer returns the signature of the trailer, by the SHA-256 of its lines, in hex.
func (c *Chunks) Trailer(digest [sha256.Size]byte) string {
	return c.next(algorithm+"-TRAILER", hex.EncodeToString(digest[:]))
}

func (c *Chunks) next(kind string, digests ...string) string {
	text := strings.Join(append([]string{kind, c.time, c.scope, c.previous}, digests...), "\n")
	c.previous = hex.EncodeToString(sign(c.key, text))
	return c.previous
}
