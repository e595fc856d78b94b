package cli

import (
	"context"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// The times of a file are those of a clock that ticks: two changes within one tick have the same time.
const (
	// tick is longer than that of any kernel, which is 10 ms at most.
	tick = 20 * time.Millisecond
	// longTick is that of file systems that keep whole seconds, or only even ones.
	longTick = 2 * time.Second
)

// settled returns the state of a file, after waiting until each further change must give it another ctime. It returns
// errChanged when the file was changed while it waited.
func settled(ctx context.Context, file *os.File) (fs.FileInfo, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	wait := untilNextTick(changed(info), time.Now())
	if wait <= 0 {
		return info, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return info, unchanged(file, info)
	}
}

// untilNextTick returns how long a further change of a file that was changed at the time given could still have the same
// time.
func untilNextTick(changed, now time.Time) time.Duration {
	length := tick
	if changed.Nanosecond() == 0 {
		length = longTick
	}
	if age := now.Sub(changed); age >= -length && age < length {
		return length - age
	}
	return 0
}

// changed returns the time of the last change of a file, of any kind. Unlike that of its bytes it cannot be set.
func changed(info fs.FileInfo) time.Time {
	return time.Unix(info.Sys().(*syscall.Stat_t).Ctim.Unix())
}
