package pfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"pfsd/pfs/internal/cas"
	"pfsd/pfs/internal/kv"
	"pfsd/pfs/internal/pack"
	"pfsd/pfs/internal/schema"
	"pfsd/pfs/internal/tree"
)

// CheckOptions say how much Check does.
type CheckOptions struct {
	// Deep reads and hashes every byte, and makes every row of the path index again.
	Deep bool
	// Rate is how many bytes a second Deep reads at most; 0 for as many as it can.
	Rate int64
	// Progress, if it is not nil, is called from time to time by the goroutine that runs Check, and before it ends.
	Progress func(CheckProgress)
}

// CheckProgress is how far a Check has come.
type CheckProgress struct {
	// Read is how many bytes have been read and hashed, of Total that chunks take in packs.
	Read  int64 `json:"read"`
	Total int64 `json:"total"`
	// Entries is how many entries have been looked at, and Problems how many things are wrong so far.
	Entries  int64 `json:"entries"`
	Problems int64 `json:"problems"`
}

// Problem is one thing that Check found wrong.
type Problem struct {
	// Ref and Path say what is hurt: the branch, tag or commit, and the path in it; either may be empty.
	Ref  string
	Path string
	Err  error
}

// String returns the problem in one line.
func (p Problem) String() string {
	return (&Error{Kind: KindCorrupt, Ref: p.Ref, Path: p.Path, Err: p.Err}).Error()
}

// CheckReport is what Check counted and found.
type CheckReport struct {
	Repos, Branches, Tags, Commits, Entries, Uploads int64
	Problems                                         []Problem
}

// maxProblems bounds a report; what is beyond is counted by one more problem.
const maxProblems = 10_000

// Check verifies the store while it is in use: that every record can be read and fits the others, that every version's
// tree is whole and in canonical form, that the chunks of all contents are there; with Deep also that their bytes are
// what was written. What is wrong is in the report; an error means that Check could not go on.
func (s *Store) Check(ctx context.Context, o CheckOptions) (*CheckReport, error) {
	unlock, err := s.upkeep.lock(ctx)
	if err != nil {
		return nil, wrap("pfs.Check", err, "", "")
	}
	defer unlock()
	c := &checker{store: s, deep: o.Deep, report: &CheckReport{}, repos: map[schema.ID]string{},
		places: map[place]struct{}{}, lines: map[uint64]bool{}, hurt: map[Content]error{}}
	c.trees = tree.NewChecker(s.trees)
	c.contents = s.contents.NewChecker(o.Deep, c.hurtContent)
	progress, limit := newProgress(c, o.Progress), pace{store: s, rate: o.Rate}
	c.contents.Pace = func(ctx context.Context, n int64) error {
		progress.read(n)
		return limit.wait(ctx, n)
	}
	err = s.kv.View(ctx, func(r kv.Reader) error {
		c.rows = r
		return c.run(ctx)
	})
	if err != nil {
		return nil, wrap("pfs.Check", err, "", "")
	}
	progress.now()
	if c.more > 0 {
		c.report.Problems = append(c.report.Problems, Problem{Err: fmt.Errorf("and %d more, which are not listed", c.more)})
	}
	return c.report, nil
}

// checker is one run of Check, on one view of the store.
type checker struct {
	store  *Store
	rows   kv.Reader
	deep   bool
	report *CheckReport
	// more is how many problems the report has no room for.
	more int
	// looked is the content that is looked at; nil for a part. hurt are the contents that are damaged, and hurtTrees is set when
	// a tree is.
	looked    *Content
	hurt      map[Content]error
	hurtTrees bool
	repos     map[schema.ID]string
	trees     *tree.Checker
	contents  *cas.Checker
	links     linkSums
	// ref and path are what contents is looking at.
	ref, path string
	meta      schema.StoreRecord
	// places are where the commits are, and lines what branches put their next commit on.
	places map[place]struct{}
	lines  map[uint64]bool
}

// place is the place of a commit.
type place struct{ line, seq uint64 }

func (c *checker) problem(ref, path string, err error) {
	if len(c.report.Problems) < maxProblems {
		c.report.Problems = append(c.report.Problems, Problem{Ref: ref, Path: path, Err: oneLine{err}})
	} else {
		c.more++
	}
}

// oneLine is an error that may be several, told in one line.
type oneLine struct{ error }

// Error implements error.
func (e oneLine) Error() string { return strings.ReplaceAll(e.error.Error(), "\n", "; ") }

// Unwrap returns the error itself.
func (e oneLine) Unwrap() error { return e.error }

func (c *checker) problemf(ref, format string, args ...any) {
	c.problem(ref, "", fmt.Errorf(format, args...))
}

// verifier is a key-value store that can check its own files.
type verifier interface {
	Verify(ctx context.Context) error
}

// verifyRows checks the files of the key-value store, if it has any.
func (s *Store) verifyRows(ctx context.Context) error {
	if v, ok := s.kv.(verifier); ok {
		return v.Verify(ctx)
	}
	return nil
}

func (c *checker) run(ctx context.Context) error {
	if err := c.store.verifyRows(ctx); err != nil {
		c.problemf("", "key-value store: %w; pfsd fsck --repair salvages what it can when nobody uses the store", err)
	}
	steps := []func(context.Context) error{
		c.checkPacks, c.checkMeta, c.checkRepos, c.checkSalvaged, c.checkOrphans, c.checkCommits, c.checkAliases, c.checkLines,
		c.checkMoves, c.checkIndex, c.checkUploads, c.checkOpen, c.checkTombs, c.nameHurt,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// each calls fn with every row of a prefix, which is valid until fn returns.
func (c *checker) each(prefix []byte, fn func(row kv.Row) error) error {
	for row, err := range c.rows.Scan(prefix, nil, false) {
		if err == nil {
			err = fn(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// get returns the value of a row, nil when there is none.
func (c *checker) get(key []byte) ([]byte, error) {
	value, err := c.rows.Get(key)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err == nil && value == nil {
		// An empty value may come back as nil, which here means that there is none.
		value = []byte{}
	}
	return value, err
}

// checkPacks checks that all packs are of a version that can be read.
func (c *checker) checkPacks(ctx context.Context) error {
	for _, p := range c.store.packs.Packs() {
		err := c.store.packs.CheckVersion(p.ID)
		switch {
		case errors.Is(err, pack.ErrCorrupt):
			c.problem("", "", err)
		case err != nil && !errors.Is(err, pack.ErrNotFound): // removed meanwhile
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	return nil
}

func (c *checker) checkMeta(context.Context) error {
	value, err := c.get(schema.MetaKey())
	if err != nil || value == nil {
		return err
	}
	if c.meta, err = schema.DecodeStore(value); err != nil {
		c.problemf("", "the store's own record: %w", err)
	}
	return nil
}

func (c *checker) checkRepos(ctx context.Context) error {
	return c.each(schema.RepoPrefix(), func(row kv.Row) error {
		name := string(row.Key[1:])
		rec, err := schema.DecodeRepo(row.Value)
		if err != nil {
			c.problemf(name, "record of the repo: %w", err)
			return nil
		}
		c.report.Repos++
		c.repos[rec.ID] = name
		if err := c.checkBranches(ctx, name, rec.ID); err != nil {
			return err
		}
		return c.checkTags(name, rec.ID)
	})
}

func (c *checker) checkBranches(ctx context.Context, repo string, id schema.ID) error {
	prefix := schema.BranchPrefix(id)
	return c.each(prefix, func(row kv.Row) error {
		ref := BranchRef(repo, string(row.Key[len(prefix):])).String()
		rec, err := schema.DecodeBranch(row.Value)
		if err != nil {
			c.problemf(ref, "record of the branch: %w", err)
			return nil
		}
		c.report.Branches++
		return c.checkBranch(ctx, ref, rec)
	})
}

func (c *checker) checkBranch(ctx context.Context, ref string, rec schema.BranchRecord) error {
	head, err := c.commit(ref, rec.Head)
	if err != nil || head == nil {
		return err
	}
	c.lines[rec.Line] = true
	switch {
	case rec.Seq > 0 && (head.Line != rec.Line || head.Seq != rec.Seq):
		c.problemf(ref, "the head is at %d/%d, not at %d/%d", head.Line, head.Seq, rec.Line, rec.Seq)
	case rec.Seq == 0 && head.Line == rec.Line:
		c.problemf(ref, "the head is on the branch's own line, which is empty")
	}
	line, err := c.get(schema.LineKey(rec.Line))
	if err != nil {
		return err
	}
	if line == nil {
		c.problemf(ref, "line %d, which it puts its commits on, is missing", rec.Line)
	}
	if size := settingsSize(rec.Settings); size > maxSettings {
		c.problemf(ref, "its settings are %d bytes, and may be %d", size, maxSettings)
	}
	if p := rec.Pending; p != nil {
		return c.checkTree(ctx, ref, &p.Root, p.Links)
	}
	return nil
}

// commit returns the record of a commit that something at ref names; nil, with a problem, when it cannot.
func (c *checker) commit(ref string, id schema.ID) (*schema.CommitRecord, error) {
	value, err := c.get(schema.CommitKey(id))
	if err != nil {
		return nil, err
	}
	if value == nil {
		c.problemf(ref, "commit %s is missing", id)
		return nil, nil
	}
	rec, err := schema.DecodeCommit(value)
	if err != nil {
		c.problemf(ref, "commit %s: %w", id, err)
		return nil, nil
	}
	return &rec, nil
}

func (c *checker) checkTags(repo string, id schema.ID) error {
	prefix := schema.TagPrefix(id)
	return c.each(prefix, func(row kv.Row) error {
		ref := BranchRef(repo, string(row.Key[len(prefix):])).String()
		rec, err := schema.DecodeTag(row.Value)
		if err != nil {
			c.problemf(ref, "record of the tag: %w", err)
			return nil
		}
		c.report.Tags++
		_, err = c.commit(ref, rec.Commit)
		return err
	})
}

func (c *checker) checkCommits(ctx context.Context) error {
	return c.each(schema.CommitPrefix(), func(row kv.Row) error {
		var id schema.ID
		copy(id[:], row.Key[1:])
		rec, err := schema.DecodeCommit(row.Value)
		if err != nil {
			c.problemf(id.String(), "record of the commit: %w", err)
			return nil
		}
		c.report.Commits++
		return c.checkCommit(ctx, id, &rec)
	})
}

func (c *checker) checkCommit(ctx context.Context, id schema.ID, rec *schema.CommitRecord) error {
	ref := c.commitRef(id, rec.Repo)
	c.places[place{rec.Line, rec.Seq}] = struct{}{}
	for _, parent := range rec.Parents {
		p, err := c.commit(ref, parent)
		if err != nil {
			return err
		}
		if p != nil && (p.Time > rec.Time || p.Gen >= rec.Gen) {
			c.problemf(ref, "it is older than its parent %s", parent)
		}
	}
	if rec.Gen > c.meta.Gen {
		c.problemf(ref, "generation %d is above the store's %d", rec.Gen, c.meta.Gen)
	}
	at, err := c.get(schema.SeqKey(rec.Line, rec.Seq))
	if err != nil {
		return err
	}
	if !bytes.Equal(at, id[:]) {
		c.problemf(ref, "another commit is at %d/%d", rec.Line, rec.Seq)
	}
	return c.checkTree(ctx, ref, &rec.Root, rec.Links)
}

// checkContent checks the content of a file.
func (c *checker) checkContent(ctx context.Context, ref, path string, content Content) error {
	c.ref, c.path, c.looked = ref, path, &content
	return c.contents.Content(ctx, content)
}

// checkTree checks the files of one version.
func (c *checker) checkTree(ctx context.Context, ref string, root *Entry, links schema.Hash) error {
	if !root.IsDir() {
		c.problemf(ref, "its root is no directory")
		return nil
	}
	var failed error
	visit := func(path string, e *schema.Entry) {
		c.report.Entries++
		c.checkName(ref, path, e)
		if e.Kind == EntryFile && failed == nil {
			failed = c.checkContent(ctx, ref, path, e.Content)
		}
	}
	err := c.trees.Check(ctx, root.Root, root.Totals, visit, func(err error) { c.hurtTree(ref, err) })
	return errors.Join(err, failed, c.checkLinks(ctx, ref, root, links))
}

// checkAliases checks that what was thinned out has been replaced by something.
func (c *checker) checkAliases(context.Context) error {
	return c.each(schema.AliasPrefix(), func(row kv.Row) error {
		var id, to schema.ID
		copy(id[:], row.Key[1:])
		if copy(to[:], row.Value) != len(to) || len(row.Value) != len(to) {
			c.problemf(id.String(), "the row that replaces the commit is malformed")
			return nil
		}
		if again, err := c.get(schema.AliasKey(to)); err != nil || again != nil {
			return err
		}
		_, err := c.commit(id.String(), to)
		return err
	})
}

func (c *checker) checkLines(context.Context) error {
	return c.each(schema.LinePrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeLine(row.Value)
		switch {
		case err != nil:
			c.problemf("", "line %x: %w", row.Key[1:], err)
		case rec.Parent > 0:
			at, err := c.get(schema.SeqKey(rec.Parent, rec.Seq))
			if err != nil {
				return err
			}
			if at == nil && c.usedLine(row.Key) {
				c.problemf("", "line %x leaves %d/%d, where no commit is", row.Key[1:], rec.Parent, rec.Seq)
			}
		}
		return nil
	})
}

// usedLine reports whether anything is on a line, or will be: one that is unused may be what is left of an interrupted
// collection of garbage.
func (c *checker) usedLine(key []byte) bool {
	line, ok := schema.ParseLineKey(key)
	if !ok || c.lines[line] {
		return true
	}
	for range c.rows.Scan(schema.SeqPrefix(line), nil, false) {
		return true
	}
	return false
}

func (c *checker) checkUploads(ctx context.Context) error {
	return c.each(schema.UploadPrefix(), func(row kv.Row) error {
		var id schema.ID
		copy(id[:], row.Key[1:])
		rec, err := schema.DecodeUpload(row.Value)
		if err != nil {
			c.problemf(id.String(), "record of the upload: %w", err)
			return nil
		}
		c.report.Uploads++
		listed, err := c.get(schema.ParkedKey(rec.Repo, rec.Branch, rec.Path, id))
		if err != nil {
			return err
		}
		if listed == nil {
			c.problemf(id.String(), "the upload is not in the list of its branch")
		}
		return c.checkParts(ctx, id)
	})
}

func (c *checker) checkParts(ctx context.Context, id schema.ID) error {
	return c.each(schema.PartPrefix(id), func(row kv.Row) error {
		rec, err := schema.DecodePart(row.Value)
		if err != nil {
			c.problemf(id.String(), "record of a part: %w", err)
			return nil
		}
		part, err := cas.DecodePart(rec.Part)
		if err != nil {
			c.problemf(id.String(), "part: %w", err)
			return nil
		}
		c.ref, c.path, c.looked = id.String(), "", nil
		return c.contents.Part(ctx, part)
	})
}

func (c *checker) checkOpen(ctx context.Context) error {
	return c.each(schema.OpenPrefix(), func(row kv.Row) error {
		var id schema.ID
		copy(id[:], row.Key[1:])
		rec, err := schema.DecodeOpenCommit(row.Value)
		if err != nil {
			c.problemf(id.String(), "record of the open commit: %w", err)
			return nil
		}
		p := rec.State.Pending
		if p == nil || p.ID != id || rec.State.Head != rec.Base {
			c.problemf(id.String(), "the state of the open commit is that of another")
			return nil
		}
		if _, err := c.commit(id.String(), rec.Base); err != nil {
			return err
		}
		return c.checkTree(ctx, id.String(), &p.Root, p.Links)
	})
}

func (c *checker) checkTombs(context.Context) error {
	return c.each(schema.TombPrefix(), func(row kv.Row) error {
		if _, err := tombOf(row); err != nil {
			c.problem("", "", err)
		}
		return nil
	})
}

// checkIndex checks the rows of the path index: that they can be read, and with Deep that they are those that the commits
// call for, no more and no fewer.
func (c *checker) checkIndex(ctx context.Context) error {
	var rows int64
	for _, prefix := range [][]byte{schema.PathRows(), schema.SubtreeRows()} {
		err := c.each(prefix, func(row kv.Row) error {
			line, path, seq, ok := schema.ParseIndexKey(row.Key)
			if _, there := c.places[place{line, seq}]; there {
				rows++ // Others are what is left of an interrupted collection of garbage.
			}
			err := decodeIndexRow(row)
			if !ok || err != nil {
				c.problem("", path, errors.Join(errors.New("row of the path index"), err))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !c.deep {
		return nil
	}
	return c.remakeIndex(ctx, rows)
}

func decodeIndexRow(row kv.Row) (err error) {
	if row.Key[0] == schema.PathRows()[0] {
		_, err = schema.DecodePath(row.Value)
	} else {
		_, err = schema.DecodeSubtree(row.Value)
	}
	return err
}

// remakeIndex makes the rows of every commit again and compares them with those that are stored, of which there are as
// many as given.
func (c *checker) remakeIndex(ctx context.Context, stored int64) error {
	err := c.each(schema.CommitPrefix(), func(row kv.Row) error {
		rec, err := schema.DecodeCommit(row.Value)
		if err != nil {
			return nil // reported already
		}
		made := &commit{rec: rec}
		if made.view, err = c.store.storedView(ctx, rec.Root, rec.Links); err != nil {
			return nil // reported already
		}
		copy(made.id[:], row.Key[1:])
		parent, err := c.parentOf(ctx, made)
		if err != nil || parent == nil {
			return err
		}
		rows, err := pathRows(ctx, made, parent, storedRoot)
		if err != nil {
			c.problemf(made.id.String(), "path index: %w", err)
			return nil
		}
		want := map[string][]byte{}
		for _, row := range rows {
			want[string(row.Key)] = row.Value
		}
		stored -= int64(len(want))
		return c.compareIndex(made.id.String(), want)
	})
	if err == nil && stored != 0 {
		c.problemf("", "the path index has %d rows too many", stored)
	}
	return err
}

// withoutDetail returns a row of the path index as programs wrote it that knew no details.
func withoutDetail(value []byte) []byte {
	rec, err := schema.DecodePath(value)
	if err != nil || rec.Detail == nil {
		return value
	}
	rec.Detail = nil
	return rec.Append(nil)
}

func (c *checker) compareIndex(ref string, want map[string][]byte) error {
	for key, value := range want {
		got, err := c.get([]byte(key))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, value) && !bytes.Equal(got, withoutDetail(value)) {
			_, path, _, _ := schema.ParseIndexKey([]byte(key))
			c.problem(ref, path, errors.New("its row in the path index is wrong or missing"))
		}
	}
	return nil
}

// parentOf returns the commit that the path index compares c with; of a first commit that is its own empty root.
func (c *checker) parentOf(ctx context.Context, made *commit) (*commit, error) {
	if len(made.rec.Parents) == 0 {
		return &commit{view: made.view}, nil
	}
	parent, err := c.store.loadCommit(ctx, made.rec.Parents[0])
	if KindOf(err) == KindCorrupt {
		return nil, nil // reported already
	}
	return parent, err
}
