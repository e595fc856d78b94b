package s3

import "strconv"

// number returns the query parameter of that name, from 0 to most; most when there is none, or more is asked for.
func (q *request) number(name string, most int) (int, error) {
	value := q.query.Get(name)
	if value == "" {
		return most, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return 0, failf(codeInvalidArgument, "Provided "+name+" not an integer or within integer range")
	}
	return min(int(n), most), nil
}
