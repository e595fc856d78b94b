package badgerkv

import (
	"fmt"

	"pfsd/pfs/internal/held"
)

// stillIn returns what fails when a directory, or what surrounds it, is not what it was.
func stillIn(d *held.Dir, around func() error) func() error {
	return func() error {
		if around != nil {
			if err := around(); err != nil {
				return err
			}
		}
		if err := d.Check(); err != nil {
			return fmt.Errorf("the %w", err)
		}
		return nil
	}
}

// showing returns what turns the paths in a text into those that people know: those in a directory, and those that around does.
func showing(d *held.Dir, around func(string) string) func(string) string {
	return func(text string) string {
		if around != nil {
			text = around(text)
		}
		return d.Show(text)
	}
}

// named leaves the error with the paths that people know.
func (s *Store) named(err *error) { *err = held.Named(*err, s.show) }
