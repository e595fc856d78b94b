package schema_test

import (
	"testing"

	"pfsd/pfs/internal/schema"
)

// TestNumbers holds numbers against values that were computed from FORMAT.md by another program.
func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		dir, birth, want uint64
		name             string
	}{
		{schema.RootNumber, 0x0102030405060708, 0xe4ffc321e438e9dd, "f"},
		{schema.LinksNumber, 0x0102030405060708, 0xf9f56057b3de70cd, "f"},
		{schema.RootNumber, 0, 0x88ace867942b88bd, "file"},
		{0xfedcba9876543210, 1, 0x79e0059dd588ad5a, "f"},
	} {
		e := schema.Entry{Name: tt.name, Birth: tt.birth}
		got := e.NumberAt(schema.Salt(tt.dir))
		if got != tt.want {
			t.Errorf("%q born %#x below %#x has number %#x, want %#x", tt.name, tt.birth, tt.dir, got, tt.want)
		}
		e.Birth = schema.BirthFor(got, schema.Salt(42))
		if moved := e.NumberAt(schema.Salt(42)); moved != got {
			t.Errorf("moved, it has number %#x, want %#x", moved, got)
		}
	}
}

// TestBirthOfZeros is not one that an encoder writes.
func TestBirthOfZeros(t *testing.T) {
	b := schema.AppendEntry(nil, entries()["file-born"])
	clear(b[len("name")+2 : len("name")+10])
	if _, err := schema.DecodeEntry(b); err == nil {
		t.Error("it was decoded")
	}
}
