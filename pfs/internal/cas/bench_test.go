package cas

import (
	"bytes"
	"io"
	"testing"
)

// BenchmarkIngest is of bytes that are new, in packs on the file system of the temporary directory.
func BenchmarkIngest(b *testing.B) {
	const size = 64 << 20
	data := make([]byte, size)
	copy(data, noise)
	copy(data[len(noise):], bytesOf(1, size-len(noise)))
	store := newBench(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for at := 0; at < size; at += 32 << 10 { // so that no chunk is known
			data[at], data[at+1], data[at+2] = byte(i), byte(i>>8), data[at+2]+1
		}
		store.ingest(b, data)
		store.commit(b)
	}
}

// BenchmarkIngestAgain is of bytes that are there already.
func BenchmarkIngestAgain(b *testing.B) {
	store := newBench(b)
	store.ingest(b, noise)
	store.commit(b)
	b.SetBytes(int64(len(noise)))
	b.ReportAllocs()
	for b.Loop() {
		store.ingest(b, noise)
	}
}

// BenchmarkIngestSmall is of 4 KiB that are new, without the commit.
func BenchmarkIngestSmall(b *testing.B) {
	store := newBench(b)
	b.SetBytes(4 << 10)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := i * 64 % (len(noise) - 4<<10)
		store.ingest(b, noise[at:at+4<<10])
		if i%256 == 255 {
			b.StopTimer()
			store.commit(b)
			b.StartTimer()
		}
	}
}

// BenchmarkRead is of a whole content, chunk by chunk.
func BenchmarkRead(b *testing.B) {
	store := newBench(b)
	r := store.Open(store.ingest(b, noise))
	store.commit(b)
	b.SetBytes(r.Size())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.Copy(io.Discard, io.NewSectionReader(r, 0, r.Size())); err != nil {
			b.Fatal(err)
		}
		if _, err := r.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadAt is of 4 KiB anywhere.
func BenchmarkReadAt(b *testing.B) {
	store := newBench(b)
	r := store.Open(store.ingest(b, noise))
	store.commit(b)
	p := make([]byte, 4<<10)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := r.ReadAt(p, int64(i*1_000_003%(len(noise)-len(p)))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOverwrite changes one byte in the middle.
func BenchmarkOverwrite(b *testing.B) {
	store := newBench(b)
	c := store.ingest(b, noise)
	data := bytes.Clone(noise)
	b.ReportAllocs()
	for b.Loop() {
		data[20<<20]++
		c = store.rewrite(b, c, data, []Range{{20 << 20, 1}})
		store.commit(b)
	}
}
