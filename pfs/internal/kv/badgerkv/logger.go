package badgerkv

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// logger passes Badger's messages on. All are for those who debug: what an operator must know comes back as an error.
type logger struct {
	to      *slog.Logger // nil: nobody
	flushes *flushes
	// show turns the paths in a message into those that people know.
	show func(string) string
}

var _ badger.Logger = logger{}

func (l logger) Errorf(format string, args ...any) {
	l.flushes.note(format, args)
	l.log("error", format, args)
}
func (l logger) Warningf(format string, args ...any) { l.log("warning", format, args) }
func (l logger) Infof(format string, args ...any)    { l.log("info", format, args) }
func (l logger) Debugf(format string, args ...any)   { l.log("debug", format, args) }

func (l logger) log(level, format string, args []any) {
	if l.to == nil {
		return
	}
	l.to.Debug("badger", "level", level, "message", l.show(strings.TrimSpace(fmt.Sprintf(format, args...))))
}
