package bench

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
)

// Result is what came of running a load. Latencies are in microseconds.
type Result struct {
	Name       string `json:"name"`
	Workers    int    `json:"workers"`
	Operations int64  `json:"operations"`
	// Items are the things that the operations handled, such as keys that were listed; as many as operations otherwise.
	Items          int64   `json:"items"`
	Bytes          int64   `json:"bytes"`
	Seconds        float64 `json:"seconds"`
	PerSecond      float64 `json:"per_second"` // items
	BytesPerSecond float64 `json:"bytes_per_second"`
	P50            float64 `json:"p50_us"`
	P90            float64 `json:"p90_us"`
	P99            float64 `json:"p99_us"`
	P999           float64 `json:"p99_9_us"`
	Max            float64 `json:"max_us"`
}

// Rate is what two results of a load are compared by: bytes a second where bytes are moved by the KiB, else items a second.
func (r Result) Rate() float64 {
	if r.Operations > 0 && r.Bytes/r.Operations >= 1<<20 {
		return r.BytesPerSecond
	}
	return r.PerSecond
}

// PrintTable writes results for people.
func PrintTable(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "load\tworkers\trate/s\tbytes/s\tp50\tp90\tp99\tp99.9\tmax\t")
	for _, r := range results {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.Name, r.Workers, rate(r.PerSecond), size(r.BytesPerSecond),
			latency(r.P50), latency(r.P90), latency(r.P99), latency(r.P999), latency(r.Max))
	}
	return t.Flush()
}

func rate(perSecond float64) string {
	if perSecond < 100 {
		return fmt.Sprintf("%.1f", perSecond)
	}
	return humanize.Comma(int64(perSecond))
}

func size(bytes float64) string {
	if bytes == 0 {
		return "-"
	}
	return humanize.Bytes(uint64(bytes))
}

// latency returns microseconds in a unit that has few digits.
func latency(us float64) string {
	switch {
	case us < 1e3:
		return fmt.Sprintf("%.3gµs", us)
	case us < 1e6:
		return fmt.Sprintf("%.3gms", us/1e3)
	}
	return fmt.Sprintf("%.3gs", us/1e6)
}
