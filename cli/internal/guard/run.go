package guard

import (
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"pfsd/fsys"
)

// grace is how long a killed server may take to end.
const grace = 250 * time.Millisecond

// looks is how many times, a grace apart, the server is looked at before the signal is taken for one of somebody else. On a
// busy machine a thread can be on its way to its end for longer than a grace.
const looks = 40

// Run makes this process the guard of another, if it was started as one, and reports whether it was. It returns when the other
// process has ended.
func Run(args []string, stdin io.Reader) bool {
	if len(args) != 2 || args[0] != name {
		return false
	}
	// The parent may be gone, and its children be those of somebody else.
	server, err := strconv.Atoi(args[1])
	if err != nil {
		return false
	}
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
// killed, as dying confirms, and still has its files open after a while. It looks at first, too: a signal that came before this
// process listened is lost.
func watch(orders <-chan []fsys.Connection, killed <-chan os.Signal, dying func() bool) {
	var watched []fsys.Connection
	left, late := looks, time.After(grace)
	for {
		select {
		case now, ok := <-orders:
			if !ok {
				return
			}
			watched = now
		case <-killed:
			left, late = looks, time.After(grace)
		case <-late:
			if dying() {
				for _, c := range watched {
					_ = c.Abort() // Nobody is left to be told.
				}
			} else if left--; left == 0 {
				late = nil
				continue
			}
			late = time.After(grace)
		}
	}
}
