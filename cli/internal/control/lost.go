package control

import (
	"context"
	"iter"
	"net/http"
	"strings"

	"pfsd/pfs"
)

// The names of the operations on what no name leads to.
const (
	opLostList    = "/lost"
	opLostRestore = "/lost/restore"
)

// LostRequest restores what is lost.
type LostRequest struct {
	// Ref is the branch on which it is put.
	Ref string `json:"ref"`
	By  Person `json:"by"`
}

// Lost is a commit or a content to which no name leads: one of the two is set.
type Lost struct {
	Commit  *pfs.LostCommit `json:"commit,omitempty"`
	Content *LostContent    `json:"content,omitempty"`
}

// LostContent is a content to which no name leads.
type LostContent struct {
	// Hash is empty where it takes reading all.
	Hash string `json:"hash,omitempty"`
	Size int64  `json:"size"`
	// Type is the media type, as the first bytes tell.
	Type string `json:"type,omitempty"`
	// Error says why it cannot be read.
	Error string `json:"error,omitempty"`
}

// lostStore is what lost things need of the core.
type lostStore interface {
	LostCommits(ctx context.Context) ([]pfs.LostCommit, error)
	LostContents(ctx context.Context) iter.Seq2[pfs.LostContent, error]
	RestoreLost(ctx context.Context, ref pfs.Ref, by pfs.By, name func(pfs.LostContent) string) (*pfs.RestoredLost, error)
}

var _ lostStore = (*pfs.Store)(nil)

// Lost lists what no name leads to: commits, the latest first, then contents.
func (c *Client) Lost(ctx context.Context) iter.Seq2[Lost, error] {
	return listOf[Lost](ctx, c, opLostList, nothing{})
}

// RestoreLost puts contents to which no name leads on a branch.
func (c *Client) RestoreLost(ctx context.Context, r LostRequest) (pfs.RestoredLost, error) {
	return call[pfs.RestoredLost](ctx, c, opLostRestore, r)
}

func (h *Handler) handleLost(store lostStore) {
	h.handle(opLostList, list(h, func(ctx context.Context, _ nothing) iter.Seq2[Lost, error] { return lost(ctx, store) }))
	h.handle(opLostRestore, value(func(ctx context.Context, r LostRequest) (pfs.RestoredLost, error) {
		ref, err := pfs.ParseRef(r.Ref)
		if err != nil {
			return pfs.RestoredLost{}, err
		}
		done, err := store.RestoreLost(ctx, ref, r.By.by("restored what no name led to"), lostName)
		if err != nil {
			return pfs.RestoredLost{}, err
		}
		return *done, nil
	}))
}

func lost(ctx context.Context, store lostStore) iter.Seq2[Lost, error] {
	return func(yield func(Lost, error) bool) {
		commits, err := store.LostCommits(ctx)
		if err != nil {
			yield(Lost{}, err)
			return
		}
		for i := range commits {
			if !yield(Lost{Commit: &commits[i]}, nil) {
				return
			}
		}
		for c, err := range store.LostContents(ctx) {
			if !yield(Lost{Content: lostContent(c)}, err) {
				return
			}
		}
	}
}

func lostContent(c pfs.LostContent) *LostContent {
	out := &LostContent{Size: c.Size}
	if !c.Hash.IsZero() {
		out.Hash = c.Hash.String()
	}
	if c.Err != nil {
		out.Error = c.Err.Error()
	} else {
		out.Type = http.DetectContentType(c.Head)
	}
	return out
}

// lostName returns the name of a restored file: its hash, with an extension that its first bytes call for.
func lostName(c pfs.LostContent) string {
	media, _, _ := strings.Cut(http.DetectContentType(c.Head), ";")
	extensions := map[string]string{
		"text/plain": ".txt", "text/html": ".html", "text/xml": ".xml", "application/pdf": ".pdf", "application/postscript": ".ps",
		"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp", "image/x-icon": ".ico",
		"audio/mpeg": ".mp3", "audio/wave": ".wav", "application/ogg": ".ogg", "video/mp4": ".mp4", "video/webm": ".webm", "video/avi": ".avi",
		"application/zip": ".zip", "application/x-gzip": ".gz", "application/x-rar-compressed": ".rar", "application/wasm": ".wasm",
	}
	return c.Hash.String() + extensions[media]
}
