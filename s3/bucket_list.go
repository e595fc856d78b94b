package s3

import (
	"encoding/base64"
	"math"
	"net/http"
	"slices"
	"strings"
)

// maxBuckets is how many buckets a page of ListBuckets has at most.
const maxBuckets = 10000

type listedBucket struct {
	Name         string
	CreationDate string
	BucketRegion string `xml:",omitempty"`
}

// listBuckets lists all branches of all repos, by the names of their buckets.
func (h *Handler) listBuckets(q *request) error {
	if err := h.admitAnswer(q); err != nil {
		return err
	}
	limit, err := q.number("max-buckets", maxBuckets, math.MaxInt32)
	if err != nil {
		return err
	}
	if limit == 0 || limit > maxBuckets {
		return failArgument("max-buckets", q.query.Get("max-buckets"), "Argument max-buckets must be an integer between 1 and 10000.")
	}
	after, err := decodeToken(q.query.Get("continuation-token"))
	if err != nil {
		return err
	}
	branches, err := h.store.Branches(q.Context(), "")
	if err != nil {
		return err
	}
	prefix, where := q.query.Get("prefix"), q.query.Get("bucket-region")
	var buckets []listedBucket
	for _, b := range branches {
		if name := bucketName(b); name > after && strings.HasPrefix(name, prefix) && (where == "" || where == region) {
			buckets = append(buckets, listedBucket{Name: name, CreationDate: xmlTime(b.Created)})
		}
	}
	slices.SortFunc(buckets, func(a, b listedBucket) int { return strings.Compare(a.Name, b.Name) })
	answer := struct {
		XMLName           struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Owner             *owner
		Buckets           struct{ Bucket []listedBucket }
		ContinuationToken string `xml:",omitempty"`
		Prefix            string `xml:",omitempty"`
	}{Owner: theOwner(), Prefix: prefix}
	if len(buckets) > limit {
		buckets = buckets[:limit]
		answer.ContinuationToken = encodeToken(buckets[limit-1].Name)
	}
	answer.Buckets.Bucket = buckets
	return q.w.xml(http.StatusOK, answer)
}

// encodeToken returns the continuation token of a page whose last name is given.
func encodeToken(last string) string { return base64.URLEncoding.EncodeToString([]byte(last)) }

// decodeToken is the inverse of encodeToken.
func decodeToken(token string) (string, error) {
	last, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return "", failArgument("continuation-token", token, "The continuation token provided is incorrect")
	}
	return string(last), nil
}
