package s3

import "strconv"

// number returns the query parameter of that name, which is at least 0: missing when there is none, most when it is more.
func (q *request) number(name string, missing, most int) (int, error) {
	value := q.query.Get(name)
	if value == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return 0, failf(codeInvalidArgument, "Provided "+name+" not an integer or within integer range")
	}
	return min(int(n), most), nil
}
