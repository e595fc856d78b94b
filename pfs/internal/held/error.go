package held

// shown is an error whose text was changed for people.
type shown struct {
	text string
	err  error
}

// Error returns the changed text.
func (e shown) Error() string { return e.text }

// Unwrap returns the error as it was.
func (e shown) Unwrap() error { return e.err }

// Named returns err with a text that show has changed, as Dir.Show does; err itself when that changes nothing.
func Named(err error, show func(string) string) error {
	if err == nil {
		return nil
	}
	was := err.Error()
	if text := show(was); text != was {
		return shown{text, err}
	}
	return err
}
