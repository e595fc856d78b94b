package admin

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"runtime/metrics"
	"strconv"
)

// Metric is one figure.
type Metric struct {
	// Name is as Prometheus has it: lower case, with the unit at its end.
	Name string
	// Help is a sentence about it, in one line.
	Help string
	// Total is set for what only grows as long as the process lives.
	Total bool
	Value float64
}

// ofProcess are the figures of the process: their names here, and in package runtime/metrics.
var ofProcess = []struct {
	metric Metric
	sample string
}{
	{Metric{Name: "go_goroutines", Help: "Goroutines that exist."}, "/sched/goroutines:goroutines"},
	{Metric{Name: "go_heap_bytes", Help: "Memory of objects, live or not yet collected."}, "/memory/classes/heap/objects:bytes"},
	{Metric{Name: "go_memory_bytes", Help: "Memory that Go has from the system."}, "/memory/classes/total:bytes"},
	{Metric{Name: "go_gc_cycles_total", Help: "Garbage collections.", Total: true}, "/gc/cycles/total:gc-cycles"},
}

// processMetrics returns the figures of this process.
func processMetrics() []Metric {
	samples := make([]metrics.Sample, len(ofProcess))
	for i, p := range ofProcess {
		samples[i].Name = p.sample
	}
	metrics.Read(samples)
	var all []Metric
	for i, p := range ofProcess {
		if samples[i].Value.Kind() == metrics.KindUint64 {
			p.metric.Value = float64(samples[i].Value.Uint64())
			all = append(all, p.metric)
		}
	}
	return all
}

// metricsHandler answers with what more returns and the figures of the process.
func metricsHandler(more func(context.Context) ([]Metric, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all, err := more(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		var b bytes.Buffer
		for _, m := range append(all, processMetrics()...) {
			kind := "gauge"
			if m.Total {
				kind = "counter"
			}
			fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n%s %s\n", m.Name, m.Help, m.Name, kind, m.Name,
				strconv.FormatFloat(m.Value, 'g', -1, 64))
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = b.WriteTo(w)
	})
}
