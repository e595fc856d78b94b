package s3

import "strconv"

// number returns the query parameter of that name, which is at least 0: missing when there is none, most when it is more.
func (q *request) number(name string, missing, most int) (int, error) {
	value := q.query.Get(name)
	if value == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return 0, failArgument(name, value, "Provided "+name+" not an integer or within integer range")
	}
	if n < 0 {
		return 0, failArgument(name, value, "Argument "+name+" must be an integer between 0 and 2147483647")
	}
	return min(int(n), most), nil
}
