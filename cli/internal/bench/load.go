package bench

import "context"

// Load is one kind of operation, to be repeated.
type Load struct {
	// Name is short and stable: results are compared by it.
	Name string
	// Prepare makes what the operation needs, unmeasured; nil when it needs nothing.
	Prepare func(ctx context.Context) error
	// Do is one operation, the i-th of all, from 0, by one of the workers, numbered from 0. It returns how many bytes it
	// has moved. It is called by all workers at once.
	Do func(ctx context.Context, worker, i int) (bytes int64, err error)
	// Limit is how often Do may be called; 0 means as often as there is time for.
	Limit int
	// Items is how many things one call of Do handles, such as the keys of a listing; 0 means one.
	Items int
	// Clean removes what Prepare and Do have made; nil when nothing is left.
	Clean func(ctx context.Context) error
}
