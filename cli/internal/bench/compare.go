package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Comparison is how fast one side is in parts of the other.
type Comparison struct {
	Name string `json:"name"`
	// Ratio is the median of the rounds, between Least and Most.
	Ratio float64 `json:"ratio"`
	Least float64 `json:"least"`
	Most  float64 `json:"most"`
	// A and B are the results of every round.
	A []Result `json:"a"`
	B []Result `json:"b"`
}

// Alternate runs two loads in turn, A B A B, so that what else the machine does befalls both, and compares them by rate.
func Alternate(ctx context.Context, a, b Load, opts Options, rounds int) (Comparison, error) {
	c := Comparison{Name: a.Name}
	for range max(rounds, 1) {
		first, err := Run(ctx, a, opts)
		if err != nil {
			return c, err
		}
		second, err := Run(ctx, b, opts)
		if err != nil {
			return c, err
		}
		c.A, c.B = append(c.A, first), append(c.B, second)
	}
	c.settle()
	return c, nil
}

// Against compares results with earlier ones of the same names and numbers of workers; others are left out.
func Against(now, before []Result) []Comparison {
	var all []Comparison
	for _, a := range now {
		i := slices.IndexFunc(before, func(b Result) bool { return b.Name == a.Name && b.Workers == a.Workers })
		if i < 0 {
			continue
		}
		c := Comparison{Name: a.Name, A: []Result{a}, B: []Result{before[i]}}
		c.settle()
		all = append(all, c)
	}
	return all
}

func (c *Comparison) settle() {
	ratios := make([]float64, len(c.A))
	for i := range c.A {
		ratios[i] = c.A[i].Rate() / c.B[i].Rate()
	}
	slices.Sort(ratios)
	c.Least, c.Ratio, c.Most = ratios[0], (ratios[(len(ratios)-1)/2]+ratios[len(ratios)/2])/2, ratios[len(ratios)-1]
}

// PrintComparisons writes comparisons for people.
func PrintComparisons(w io.Writer, comparisons []Comparison) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "load\tA/s\tB/s\tA/B\tspread\trounds\t")
	for _, c := range comparisons {
		fmt.Fprintf(t, "%s\t%s\t%s\t%.2f\t%.2f-%.2f\t%d\t\n", c.Name, middle(c.A), middle(c.B), c.Ratio, c.Least, c.Most, len(c.A))
	}
	return t.Flush()
}

// middle returns the median rate of results, with its unit where that is bytes.
func middle(results []Result) string {
	sorted := slices.SortedFunc(slices.Values(results), func(a, b Result) int {
		if a.Rate() < b.Rate() {
			return -1
		}
		return 1
	})
	r := sorted[len(sorted)/2]
	if r.Rate() == r.BytesPerSecond {
		return size(r.BytesPerSecond)
	}
	return rate(r.PerSecond)
}
