package fsys_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWriteAndRead(t *testing.T) {
	f := newFixture(t)
	name := filepath.Join(f.dir, "hello.txt")
	if err := os.WriteFile(name, []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "hello\n" {
		t.Errorf("read %q, %v", got, err)
	}
	if got := f.get("hello.txt"); got.Absent || string(got.Data) != "hello\n" {
		t.Errorf("the core has %+v", got)
	}
	f.put("hello.txt", "changed\n")
	if got, err := os.ReadFile(name); err != nil || string(got) != "changed\n" {
		t.Errorf("read %q, %v after a put", got, err)
	}
	f.remove("hello.txt")
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("stat of a removed file: %v", err)
	}
}
