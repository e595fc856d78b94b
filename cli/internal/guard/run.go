package guard

import (
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"pfsd/fsys"
)

// grace is how long a killed server may take to end.
const grace = 250 * time.Millisecond

// Run makes this process the guard of the one that has started it, if it was started as one, and reports whether it was. It
// returns when the other process has ended.
func Run(args []string, stdin io.Reader) bool {
	if len(args) == 0 || args[0] != name {
		return false
	}
	server := os.Getppid()
	// A service manager tells all processes of a service to end. This one ends with the other.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	killed := make(chan os.Signal, 1)
	signal.Notify(killed, died)
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0) // For ps(1); it is no more than a name.
	orders := make(chan []fsys.Connection)
	go func() {
		defer close(orders)
		for decoder := json.NewDecoder(stdin); ; {
			var watched []fsys.Connection
			if decoder.Decode(&watched) != nil {
				return
			}
			orders <- watched
		}
	}()
	watch(orders, killed, func() bool { return dying(server) })
	return true
}

// watch takes orders until there are no more, as when the other process has ended, and has the mounts fail when that was
// killed, as dying confirms, and still has its files open after a while.
func watch(orders <-chan []fsys.Connection, killed <-chan os.Signal, dying func() bool) {
	var watched []fsys.Connection
	var late <-chan time.Time
	for {
		select {
		case now, ok := <-orders:
			if !ok {
				return
			}
			watched = now
		case <-killed:
			late = time.After(grace)
		case <-late:
			if late = nil; !dying() {
				continue // Somebody else has sent the signal.
			}
			for _, c := range watched {
				_ = c.Abort() // Nobody is left to be told.
			}
			late = time.After(grace)
		}
	}
}
