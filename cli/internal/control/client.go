package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"

	"pfsd/pfs"
)

// Client calls the operations of a Handler. Its errors are those of the core where the host answered, and as they come
// from the connection where it did not. It may be used concurrently.
type Client struct {
	http http.Client
}

// NewClient returns a client whose requests go through rt: to a Unix socket, or to a handler in this process.
func NewClient(rt http.RoundTripper) *Client { return &Client{http: http.Client{Transport: rt}} }

// CreateRepo makes a repo with an empty branch master.
func (c *Client) CreateRepo(ctx context.Context, r RepoRequest) (pfs.Repo, error) {
	return call[pfs.Repo](ctx, c, opRepoCreate, r)
}

// DeleteRepo deletes a repo.
func (c *Client) DeleteRepo(ctx context.Context, r RepoRequest) error {
	_, err := call[nothing](ctx, c, opRepoDelete, r)
	return err
}

// Repos lists all repos.
func (c *Client) Repos(ctx context.Context) iter.Seq2[pfs.Repo, error] {
	return listOf[pfs.Repo](ctx, c, opRepoList, nothing{})
}

// CreateBranch makes a branch.
func (c *Client) CreateBranch(ctx context.Context, r BranchRequest) (pfs.Branch, error) {
	return call[pfs.Branch](ctx, c, opBranchCreate, r)
}

// DeleteBranch deletes a branch.
func (c *Client) DeleteBranch(ctx context.Context, r BranchRequest) error {
	_, err := call[nothing](ctx, c, opBranchDelete, r)
	return err
}

// Branches lists the branches of a repo, or of all.
func (c *Client) Branches(ctx context.Context, r BranchRequest) iter.Seq2[pfs.Branch, error] {
	return listOf[pfs.Branch](ctx, c, opBranchList, r)
}

// Log lists the history of a version, or of a file in it, newest first.
func (c *Client) Log(ctx context.Context, r FileRequest) iter.Seq2[LogLine, error] {
	return listOf[LogLine](ctx, c, opLog, r)
}

// List lists a directory.
func (c *Client) List(ctx context.Context, r FileRequest) iter.Seq2[Entry, error] {
	return listOf[Entry](ctx, c, opList, r)
}

// Stat returns all that is known of an entry.
func (c *Client) Stat(ctx context.Context, r FileRequest) (Stat, error) {
	return call[Stat](ctx, c, opStat, r)
}

// Cat writes the bytes of a file to w, whose error comes back unchanged.
func (c *Client) Cat(ctx context.Context, r FileRequest, w io.Writer) error {
	r.Recursive = false
	return c.Get(ctx, r, func(_ Entry, body io.Reader) error {
		_, err := io.Copy(w, body)
		return err
	})
}

// Get calls visit for a file, or, when r is Recursive, for a directory and all below it, with the reader of its bytes. The
// reader is valid until visit returns, whose error ends the get and comes back unchanged.
func (c *Client) Get(ctx context.Context, r FileRequest, visit func(Entry, io.Reader) error) error {
	res, err := c.send(ctx, opGet, r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	parts, err := NewPartReader(res.Body, res.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	for {
		var e Entry
		body, err := parts.Next(&e)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(e, body); err != nil {
			return err
		}
	}
}

// Put stores the entries that fill writes, in one commit, which is zero when that changed nothing. An error of fill comes
// back unchanged, and then nothing is stored; nor is it when ctx ends before fill has returned.
func (c *Client) Put(ctx context.Context, r PutRequest, fill func(*PartWriter) error) (Commit, error) {
	pr, pw := io.Pipe()
	parts := NewPartWriter(pw)
	filled := make(chan error, 1)
	go func() {
		_, err := parts.Next(r)
		if err == nil {
			err = fill(parts)
		}
		if err == nil {
			// A stream with a proper end is stored, which is not to be when the put will be reported as cancelled.
			err = ctx.Err()
		}
		filled <- err
		_ = pw.CloseWithError(parts.Close(err))
	}()
	// A transport that is cancelled waits for its reader of the body, which may be waiting for bytes that never come.
	defer context.AfterFunc(ctx, func() { _ = pr.CloseWithError(io.ErrClosedPipe) })()
	res, err := c.do(ctx, opPut, partsType, pr)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // and not that the pipe was closed
	}
	// The host may have answered, or gone, before it had read all: this ends the writer.
	_ = pr.CloseWithError(io.ErrClosedPipe)
	select {
	case fillErr := <-filled:
		if fillErr != nil && !errors.Is(fillErr, io.ErrClosedPipe) {
			if res != nil {
				res.Body.Close()
			}
			err = fillErr
		}
		err = inVersion(err, r.Ref)
	default:
		// It is still waiting for bytes that nobody wants any more: its next write ends it.
	}
	return decode[Commit](res, err)
}

// Remove removes files in one commit.
func (c *Client) Remove(ctx context.Context, r RemoveRequest) (Commit, error) {
	return call[Commit](ctx, c, opRemove, r)
}

// Status returns how the store and its host are doing.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, opStatus, nothing{})
}

// Unmount ends a mount and returns when all that was written in it is committed. KindFileNotFound when the host serves no
// mount there.
func (c *Client) Unmount(ctx context.Context, r UnmountRequest) error {
	_, err := call[nothing](ctx, c, opUnmount, r)
	return err
}

// send sends a JSON request. The caller closes the body of the answer.
func (c *Client) send(ctx context.Context, op string, req any) (*http.Response, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	res, err := c.do(ctx, op, "application/json", bytes.NewReader(body))
	if req, ok := req.(versioned); ok {
		err = inVersion(err, req.version())
	}
	return res, err
}

// versioned is a request whose paths are in one version.
type versioned interface{ version() string }

func (r FileRequest) version() string   { return r.Ref }
func (r RemoveRequest) version() string { return r.Ref }
func (r FilesRequest) version() string  { return r.Ref }
func (r ChangeRequest) version() string { return r.Ref }

// inVersion returns err, with the version that it is about where it has a path alone.
func inVersion(err error, ref string) error {
	var e *pfs.Error
	if errors.As(err, &e) && e.Ref == "" && (e.Path != "" || e.Kind == pfs.KindIsDir) {
		e.Ref = ref
	}
	return err
}

// do sends a request and turns an answer that is a fault into its error.
func (c *Client) do(ctx context.Context, op, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://pfsd"+op, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	// The host says that it begins before it is sent the body, so that what it did not begin can be sent to another one.
	req.Header.Set("Expect", "100-continue")
	res, err := c.http.Do(req)
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		// The URL says nothing to people.
		err = urlErr.Err
	}
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 400 {
		return res, nil
	}
	defer res.Body.Close()
	var f Fault
	if err := json.NewDecoder(io.LimitReader(res.Body, maxRequest)).Decode(&f); err != nil || f.Kind == 0 && f.Cause == "" {
		return nil, fmt.Errorf("the host of the store answered %s", res.Status)
	}
	return nil, f.Err()
}

func call[Res any](ctx context.Context, c *Client, op string, req any) (Res, error) {
	return decode[Res](c.send(ctx, op, req))
}

func decode[Res any](res *http.Response, err error) (Res, error) {
	var value Res
	if err != nil {
		return value, err
	}
	defer res.Body.Close()
	return value, json.NewDecoder(res.Body).Decode(&value)
}

func listOf[Item any](ctx context.Context, c *Client, op string, req any) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		res, err := c.send(ctx, op, req)
		if err != nil {
			failed[Item](err)(yield)
			return
		}
		readList[Item](res.Body)(yield)
	}
}
