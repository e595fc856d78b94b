package badgerkv

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"pfsd/pfs/internal/kv"
)

// TestWordsOfErrors: an error that says what is used up is told by its words alone, too, and is never damage; others are what they were.
func TestWordsOfErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want error
	}{
		{fmt.Errorf("while opening: %w", syscall.EMFILE), kv.ErrExhausted},
		{errors.New("while opening: open 000001.vlog: too many open files"), kv.ErrExhausted},
		{errors.New("open MANIFEST: too many open files in system"), kv.ErrExhausted},
		{errors.New("mmap: cannot allocate memory: while opening"), kv.ErrExhausted},
		{errors.New("truncate 00001.mem: disk quota exceeded"), kv.ErrNoSpace},
		{errors.New("sync KEYREGISTRY: no space left on device"), kv.ErrNoSpace},
		{errors.New("bad magic"), kv.ErrCorrupt},
		{errors.New("the words too many open files in a name"), kv.ErrCorrupt},
	} {
		got := shortage(damagedUnlessSystem(c.err))
		for _, kind := range []error{kv.ErrExhausted, kv.ErrNoSpace, kv.ErrCorrupt} {
			if is := errors.Is(got, kind); is != (kind == c.want) {
				t.Errorf("%v: is %v: %t", c.err, kind, is)
			}
		}
	}
	if err := shortage(damagedUnlessSystem(syscall.EIO)); !errors.Is(err, syscall.EIO) || errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("EIO: %v", err)
	}
	if shortage(nil) != nil {
		t.Error("an error was made of none")
	}
}
